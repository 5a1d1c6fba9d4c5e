package failure

// nearest returns the name that is most similar to the word, or "" if none is similar enough.
func nearest(word string, names []string) string {
	if len(word) > 2*longestKey {
		return ""
	}
	best, least := "", len(word)/3+1 // one or two typing errors, more in a long word
	for _, name := range names {
		if d := distance(word, name); d <= least && (best == "" || d < least) {
			best, least = name, d
		}
	}
	return best
}

// longestKey is about the length of the longest key, in bytes.
const longestKey = 32

// distance returns the Levenshtein distance of two words: the number of changed, added or removed bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
