package host

import "fmt"

// Plural returns a number with the words for one or for several: "1 event waits", "3 events wait".
func Plural(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
