// Package staff is the clock at the staff entrance. It publishes that a cook clocked in or out, and does not know its subscribers.
package staff

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// Name is the service's name.
const Name = "staff"

// Service describes the staff service.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "records which cooks clock in and out", Schema: schema,
		New: func(h *host.Host) (host.App, error) { return &clock{Host: h}, nil },
	}
}

type clock struct{ *host.Host }

const schema = `
CREATE TABLE IF NOT EXISTS staff (
	id      TEXT PRIMARY KEY,
	on_duty BOOLEAN NOT NULL,
	at      BIGINT NOT NULL
);
`

// Routes implements host.App.
func (c *clock) Routes(r *host.Routes) {
	r.Command("POST /staff/{id}/clock-in", c.use(true))
	r.Command("POST /staff/{id}/clock-out", c.use(false))
}

// Subscriptions implements host.App. Staff has none.
func (c *clock) Subscriptions() []broker.Subscription { return nil }

var validID = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)

func (c *clock) use(in bool) host.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		member := event.StaffMember{StaffMemberID: r.PathValue("id"), At: event.Moment{Time: time.Now().UTC()}}
		if !validID.MatchString(member.StaffMemberID) {
			return host.Invalid("id", "got %.80q, want 1 to 64 letters, digits, dots, dashes or underscores", member.StaffMemberID)
		}
		var fact event.Payload = event.StaffMemberClockedOut{StaffMember: member}
		if in {
			fact = event.StaffMemberClockedIn{StaffMember: member}
		}
		ctx := telemetry.WithConversation(r.Context(), "staff-"+member.StaffMemberID)
		err := c.DB.Do(ctx, func(tx *store.Tx) error {
			// The kitchen has the same rule: the latest time wins; if two are equal, clocking out wins.
			if _, err := tx.ExecContext(ctx, `INSERT INTO staff (id, on_duty, at) VALUES ($1, $2, $3)
				ON CONFLICT (id) DO UPDATE SET on_duty = excluded.on_duty, at = excluded.at
				WHERE excluded.at > staff.at OR (excluded.at = staff.at AND NOT excluded.on_duty)`,
				member.StaffMemberID, in, member.At.UnixNano()); err != nil {
				return fmt.Errorf("store the time: %w", err)
			}
			return tx.Publish(ctx, fact)
		})
		if err != nil {
			return err
		}
		return host.WriteJSON(w, http.StatusAccepted, map[string]any{
			"staffMemberId": member.StaffMemberID, "onDuty": in, "at": member.At,
		})
	}
}
