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

// list answers GET /api/failures with every key as a list of [failure.Status].
func (c *console) list(w http.ResponseWriter, r *http.Request) error {
	all, err := c.Config.Flags.List()
	if err != nil {
		return refusal(err)
	}
	return host.WriteJSON(w, http.StatusOK, all)
}

// set answers PUT /api/failures/{key} with the key's new [failure.Status]. Without a body it sets the first variant for
// everyone.
func (c *console) set(w http.ResponseWriter, r *http.Request) error {
	entry, err := failure.Lookup(failure.Key(r.PathValue("key")))
	if err != nil {
		return refusal(err)
	}
	var body setBody
	if r.ContentLength != 0 {
		if body, err = host.ReadJSON[setBody](w, r); err != nil {
			return err
		}
	}
	setting, err := body.setting()
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

// clear answers DELETE /api/failures/{key} with the key's new [failure.Status], which is inactive.
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

// clearAll answers DELETE /api/failures with the list of all keys, which are inactive.
func (c *console) clearAll(w http.ResponseWriter, r *http.Request) error {
	if err := c.Config.Flags.Clear(); err != nil {
		return refusal(err)
	}
	c.Log.Info().Ctx(r.Context()).Msg("all cleared")
	return c.list(w, r)
}

// setBody is the body of PUT /api/failures/{key}.
type setBody struct {
	Variant  *string `json:"variant"`
	Percent  *int    `json:"percent"`
	Customer *string `json:"customer"`
	Unmarked bool    `json:"unmarked"`
}

// percentages are the allowed values of percent.
const percentages = "a whole number from 1 to 100"

// UnmarshalJSON implements json.Unmarshaler. It refuses unknown members: a misspelt percent would mean everyone.
func (b *setBody) UnmarshalJSON(text []byte) error {
	type plain setBody
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode((*plain)(b))
	wrongType, isType := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case isType && wrongType.Field == "percent":
		return host.Unreadable("percent", "got a JSON %s, want %s", wrongType.Value, percentages)
	case err != nil && !isType:
		return fmt.Errorf("%w; want variant, percent or customer", err)
	}
	return err
}

// setting returns the wanted setting. An empty member is an error, because a missing one means the default.
func (b *setBody) setting() (failure.Setting, error) {
	s := failure.Setting{Unmarked: b.Unmarked}
	if b.Variant != nil {
		if s.Variant = *b.Variant; s.Variant == "" {
			return s, host.Invalid("variant", "is empty; leave it out to set the first variant")
		}
	}
	if b.Percent != nil {
		if s.Percent = *b.Percent; s.Percent == 0 {
			return s, host.Invalid("percent", "is 0, want %s", percentages)
		}
	}
	if b.Customer != nil {
		if s.Customer = *b.Customer; s.Customer == "" {
			return s, host.Invalid("customer", "is empty; leave it out for everyone")
		}
	}
	return s, nil
}

// ours refuses a request while a flagd server has the flags.
func ours(handle host.HandlerFunc) host.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if failure.ByServer() {
			return byServer
		}
		return handle(w, r)
	}
}

var byServer = host.Conflict("a flagd server has the flags (FLAGD_RESOLVER=rpc); read and change them there")

// refusal turns an error into a Problem. An unusable flag file is a 503 with the file's name, because the caller cannot
// repair it.
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
