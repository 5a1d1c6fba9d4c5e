package console_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

func apiDocument(t *testing.T) libopenapi.Document {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func model(t *testing.T) v3.Document {
	t.Helper()
	m, err := apiDocument(t).BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	return m.Model
}

func TestTheDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	v, errs := validator.NewValidator(apiDocument(t))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if valid, errs := v.ValidateDocument(); !valid {
		for _, e := range errs {
			t.Error(e.Message, e.Reason)
			for _, s := range e.SchemaValidationErrors {
				t.Error(" ", s.Reason)
			}
		}
	}
}

// The document has each route of the code that a program may use, and no other.
func TestTheDocumentHasEachRoute(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "routes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	ast.Inspect(file, func(n ast.Node) bool {
		literal, isLiteral := n.(*ast.BasicLit)
		if !isLiteral || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		method, path, isRoute := strings.Cut(text, " ")
		forPrograms := strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/v1/") || path == "/openapi.yaml"
		if err == nil && isRoute && method == strings.ToUpper(method) && forPrograms {
			routes = append(routes, text)
		}
		return true
	})
	var described []string
	for path, item := range model(t).Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	if diff := cmp.Diff(routes, described); diff != "" || len(routes) < 20 {
		t.Errorf("(-routes.go +openapi.yaml)\n%s", diff)
	}
}
