package host

import "strconv"

// Plural returns a number with its noun, which takes an s unless n is 1: "1 piece", "2 pieces".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
