package failure

import "testing"

// FuzzFlagFile reads any file, writes what it accepted and reads that again: the settings must be equal. flagd's own reader
// must accept the same. The seeds have
// one flag each, because the engine takes a minute to minimise a whole file of 30 KB.
func FuzzFlagFile(f *testing.F) {
	f.Add([]byte(`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off","2s":"2s"},"defaultVariant":"2s"}}}`))
	f.Add([]byte(`{"flags":{},"x":1}`))
	f.Add([]byte(withRule(`{"if":[{"$ref":"a"},"2s"]}`, `,"$evaluators":{"a":{"==":[1,1]}}`)))
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
		if _, err := flagdReads(string(text)); err != nil {
			t.Fatalf("flagd refuses what is accepted here: %v", err)
		}
		again, err := parse(d.bytes())
		if err != nil {
			t.Fatalf("cannot read the written file: %v\n%s", err, d.bytes())
		}
		for _, entry := range catalogue {
			a, b := d.flags[entry.Key].active(entry), again.flags[entry.Key].active(entry)
			if (a == nil) != (b == nil) || a != nil && *a != *b {
				t.Fatalf("%s: %+v became %+v", entry.Key, a, b)
			}
		}
	})
}
