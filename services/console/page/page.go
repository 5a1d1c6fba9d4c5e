// Package page holds the files of the console's web page: plain ES modules, styles and the shell that loads them. Nothing is built.
package page

import (
	"embed"
	"io/fs"
)

//go:embed assets
var files embed.FS

//go:embed shell.html
var shell []byte

// Assets returns the files below /assets/.
func Assets() fs.FS {
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return assets
}

// Shell returns the document that every address of the page answers with. Its router reads the address.
func Shell() []byte { return shell }
