package failure

import "testing"

// FuzzFlagFile: whatever stands in the file, reading it ends; and what is taken is written as something that says the same.
// The seeds have one flag each and no text. The engine makes every input that it finds interesting as small as it can, for
// up to a minute and without counting that as executions: from a whole file, of 30 KB, it did nothing else.
func FuzzFlagFile(f *testing.F) {
	f.Add([]byte(`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off","2s":"2s"},"defaultVariant":"2s"}}}`))
	f.Add([]byte(`{"flags":{},"x":1}`))
	for _, s := range []Setting{{Variant: "2s", Percent: 5}, {Variant: "2s", Customer: "c"}} {
		one := flag{}
		one.apply(byKey[KitchenSlow], s)
		f.Add(document{flags: map[Key]flag{KitchenSlow: one}}.bytes())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parse(text)
		if err != nil {
			return
		}
		again, err := parse(d.bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, d.bytes())
		}
		for _, entry := range catalogue {
			a, b := d.flags[entry.Key].active(entry), again.flags[entry.Key].active(entry)
			if (a == nil) != (b == nil) || a != nil && *a != *b {
				t.Fatalf("%s: %+v became %+v", entry.Key, a, b)
			}
		}
	})
}
