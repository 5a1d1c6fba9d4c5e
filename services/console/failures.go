package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"traceria/services/failure"
	"traceria/services/host"
)

// list answers GET /api/failures: every key and what it is set to, as a list of [failure.Status].
func (c *console) list(w http.ResponseWriter, r *http.Request) error {
	all, err := c.Config.Flags.List()
	if err != nil {
		return refusal(err)
	}
	return host.WriteJSON(w, http.StatusOK, all)
}

// set answers PUT /api/failures/{key} with the key's new [failure.Status]. Without a body, the key's first variant is set,
// for everyone.
func (c *console) set(w http.ResponseWriter, r *http.Request) error {
	entry, err := failure.Lookup(failure.Key(r.PathValue("key")))
	if err != nil {
		return refusal(err)
	}
	var wanted wish
	if r.ContentLength != 0 {
		if wanted, err = host.ReadJSON[wish](w, r); err != nil {
			return err
		}
	}
	setting, err := wanted.setting()
	if err != nil {
		return err
	}
	variant, err := entry.Choose(setting.Variant)
	if err != nil {
		return refusal(err)
	}
	if err := failure.FromContext(r.Context()).Refuse(entry, variant); err != nil {
		return refusal(err)
	}
	status, err := c.Config.Flags.Set(entry.Key, setting)
	if err != nil {
		return refusal(err)
	}
	c.Log.Info().Ctx(r.Context()).Str("key", string(entry.Key)).Interface("setting", status.Active).Msg("switched")
	return host.WriteJSON(w, http.StatusOK, status)
}

// clear answers DELETE /api/failures/{key} with the key's new [failure.Status], which has nothing active.
func (c *console) clear(w http.ResponseWriter, r *http.Request) error {
	entry, err := failure.Lookup(failure.Key(r.PathValue("key")))
	if err != nil {
		return refusal(err)
	}
	if err := c.Config.Flags.Clear(entry.Key); err != nil {
		return refusal(err)
	}
	c.Log.Info().Ctx(r.Context()).Str("key", string(entry.Key)).Msg("cleared")
	return host.WriteJSON(w, http.StatusOK, entry.Status(nil))
}

// clearAll answers DELETE /api/failures with the list, in which nothing is active.
func (c *console) clearAll(w http.ResponseWriter, r *http.Request) error {
	if err := c.Config.Flags.Clear(); err != nil {
		return refusal(err)
	}
	c.Log.Info().Ctx(r.Context()).Msg("all cleared")
	return c.list(w, r)
}

// wish is the body of PUT /api/failures/{key}.
type wish struct {
	Variant  *string `json:"variant"`
	Percent  *int    `json:"percent"`
	Customer *string `json:"customer"`
}

// UnmarshalJSON implements json.Unmarshaler. A member that there is not is refused: a percentage that is misspelt would be
// everyone.
func (v *wish) UnmarshalJSON(text []byte) error {
	type plain wish
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode((*plain)(v))
	if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !wrongType {
		return fmt.Errorf("%w; want variant, percent or customer", err)
	}
	return err
}

// setting is what is wished for. What is there but says nothing is no way to say everyone.
func (v *wish) setting() (failure.Setting, error) {
	var s failure.Setting
	if v.Variant != nil {
		if s.Variant = *v.Variant; s.Variant == "" {
			return s, host.Invalid("variant", "is empty; leave it out for the first one")
		}
	}
	if v.Percent != nil {
		if s.Percent = *v.Percent; s.Percent == 0 {
			return s, host.Invalid("percent", "0 percent: want 1 to 100")
		}
	}
	if v.Customer != nil {
		if s.Customer = *v.Customer; s.Customer == "" {
			return s, host.Invalid("customer", "is empty; leave it out for everyone")
		}
	}
	return s, nil
}

// ours answers only where the flags are in the file, and not with a flagd server.
func ours(handle host.HandlerFunc) host.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if failure.ByServer() {
			return byServer
		}
		return handle(w, r)
	}
}

var byServer = host.Conflict("a flagd server has the flags (FLAGD_RESOLVER=rpc): see and change them there")

// refusal is what the caller is told. A file that cannot be used is no mistake of his: he is told its name and what is wrong.
func refusal(err error) error {
	switch {
	case errors.Is(err, failure.ErrUnknownKey):
		return host.NotFound("%v", err)
	case errors.Is(err, failure.ErrUnknownVariant):
		return host.Invalid("variant", "%v", err)
	case errors.Is(err, failure.ErrTarget):
		return host.Invalid("", "%v", err)
	case errors.Is(err, failure.ErrFile):
		return &host.Problem{
			Status: http.StatusServiceUnavailable, Title: "Flag file cannot be used", Detail: err.Error(), ErrorType: "flag_file",
		}
	}
	return err
}
