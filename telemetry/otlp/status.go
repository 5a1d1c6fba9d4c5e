package otlp

import (
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// writeStatus answers with a google.rpc.Status in the encoding of the request, as the specification says of failures.
func writeStatus(w http.ResponseWriter, e Encoding, httpStatus int, code codes.Code, reason string) {
	message := &status.Status{Code: int32(code), Message: text(reason, maxName)}
	marshal := proto.Marshal
	if e == JSON {
		marshal = protojson.Marshal
	}
	body, err := marshal(message)
	if err != nil {
		http.Error(w, reason, httpStatus)
		return
	}
	w.Header().Set("Content-Type", e.mediaType())
	w.WriteHeader(httpStatus)
	_, _ = w.Write(body) // the sender has gone
}
