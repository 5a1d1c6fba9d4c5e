package console

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium with one page. It collects what must not happen on any page: exceptions, errors in the console, blocked
// scripts and styles, and requests to another origin.
type browser struct {
	ctx      context.Context
	base     string
	watchers sync.WaitGroup
	mu       sync.Mutex
	faults   []string
	bytes    float64 // of all answers, as they came over the network
}

// patience is the limit of a condition on a page.
const patience = 30 * time.Second

// openBrowser starts Chromium for the console at base. width and height are those of the window in CSS pixels.
func openBrowser(t *testing.T, base string, width, height int64) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], //nolint:gocritic // the result is a new list
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.WindowSize(int(width), int(height)), chromedp.UserDataDir(t.TempDir()))
	allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closePage := chromedp.NewContext(allocated)
	b := &browser{ctx: ctx, base: base}
	t.Cleanup(func() {
		for _, fault := range b.takeFaults() {
			t.Errorf("on the page: %s", fault)
		}
		closePage()
		free()
		b.watchers.Wait()
	})
	if err := chromedp.Do(ctx); err != nil { // starts the browser, which ends with ctx
		t.Fatalf("start Chromium: %v", err)
	}
	watch(b, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) {
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.faults = append(b.faults, "exception: "+text)
	})
	watch(b, runtime.ConsoleAPICalled, b.onConsole)
	watch(b, log.EntryAdded, func(e log.EventEntryAdded) {
		if e.Entry.Source == log.EntrySourceSecurity || e.Entry.Source == log.EntrySourceViolation && e.Entry.Level == log.EntryLevelError {
			b.faults = append(b.faults, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	})
	watch(b, network.RequestWillBeSent, b.onRequest)
	watch(b, network.LoadingFinished, func(e network.EventLoadingFinished) { b.bytes += e.EncodedDataLength })
	b.do(t, call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}), call(runtime.Enable, cdp.Empty{}),
		chromedp.EmulateViewport(width, height))
	return b
}

// watch calls note, under the lock, for each event of a kind until the browser ends.
func watch[E any](b *browser, event cdp.Event[E], note func(E)) {
	events := chromedp.Events(b.ctx, event)
	b.watchers.Go(func() {
		for e, err := range events {
			if err != nil {
				return
			}
			b.mu.Lock()
			note(e)
			b.mu.Unlock()
		}
	})
}

// call is a command of the DevTools protocol as an action.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

// chromium returns the path of the browser. make test installs it.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium found: run `make chromium`")
	return ""
}

func (b *browser) onConsole(e runtime.EventConsoleAPICalled) {
	if e.Type != "error" && e.Type != "assert" {
		return
	}
	var text strings.Builder
	for _, arg := range e.Args {
		fmt.Fprintf(&text, " %s%s", arg.Value, arg.Description)
	}
	b.faults = append(b.faults, "console."+string(e.Type)+":"+text.String())
}

func (b *browser) onRequest(e network.EventRequestWillBeSent) {
	u, err := url.Parse(e.Request.URL)
	if err != nil || strings.HasPrefix(e.Request.URL, b.base) {
		return
	}
	switch u.Scheme {
	case "data", "blob", "about", "chrome", "file":
	default:
		b.faults = append(b.faults, "request to another origin: "+e.Request.URL)
	}
}

// takeFaults returns the faults so far and forgets them.
func (b *browser) takeFaults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	faults := b.faults
	b.faults = nil
	return faults
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatalf("Chromium: %v", err)
	}
}

// run runs an action and returns its result.
func run[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatalf("Chromium: %v", err)
	}
	return result
}

// open goes to a path of the console and waits until its view has drawn itself: the main element is not busy.
func (b *browser) open(t *testing.T, path string) {
	t.Helper()
	b.do(t, chromedp.Navigate(b.base+path))
	b.await(t, path+" is drawn", `document.querySelector('main') && document.querySelector('main').getAttribute('aria-busy') !== 'true' && document.querySelector('h1')`)
}

// await waits until an expression of JavaScript is true.
func (b *browser) await(t *testing.T, what, expression string) {
	t.Helper()
	b.awaitWithin(t, patience, what, expression)
}

func (b *browser) awaitWithin(t *testing.T, within time.Duration, what, expression string) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !b.holds(t, expression) {
		if time.Now().After(deadline) {
			path := b.shoot(t, "failed-"+strings.ReplaceAll(t.Name(), "/", "-"))
			t.Fatalf("%s: not within %s\nscreenshot: %s\nfaults: %v\npage:\n%s", what, within, path, b.takeFaults(), b.text(t))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// holds reports whether an expression is true.
func (b *browser) holds(t *testing.T, expression string) bool {
	t.Helper()
	return run(t, b, chromedp.Evaluate[bool]("Boolean("+expression+")"))
}

// value evaluates an expression, which may be a promise.
func value[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text returns the visible text of the page.
func (b *browser) text(t *testing.T) string {
	t.Helper()
	return value[string](t, b, "document.body.innerText")
}

// finder finds the visible element with a role and a name that contains a text. It goes by what a screen reader gets: aria-label,
// the label of a field, or the text.
const finder = `((role, name) => {
  const roles = {button: 'button,[role=button],summary', field: 'input,select,textarea'};
  const named = e => [e.getAttribute('aria-label'), e.getAttribute('aria-labelledby') && document.getElementById(e.getAttribute('aria-labelledby'))?.textContent,
    e.labels && [...e.labels].map(l => l.textContent).join(' '), e.placeholder, e.title, e.textContent].filter(Boolean);
  const seen = e => e.getClientRects().length > 0 && !e.disabled;
  const all = [...document.querySelectorAll(roles[role])].filter(seen);
  const fits = (e, exact) => named(e).some(n => exact ? n.trim() === name : n.includes(name));
  return all.find(e => fits(e, true)) || all.find(e => fits(e, false));
})`

func found(role, name string) string { return fmt.Sprintf("%s(%q, %q)", finder, role, name) }

// press presses a button by its name, once it is there.
func (b *browser) press(t *testing.T, name string) {
	t.Helper()
	b.await(t, fmt.Sprintf("there is a button %q", name), found("button", name))
	b.do(t, chromedp.Evaluate[chromedp.Void](found("button", name)+".click()"))
}

// fill sets the value of a field as typing does.
func (b *browser) fill(t *testing.T, name, text string) {
	t.Helper()
	b.await(t, fmt.Sprintf("there is a field %q", name), found("field", name))
	b.do(t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(e => { e.focus();
    const proto = e instanceof HTMLSelectElement ? HTMLSelectElement : e instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, 'value').set.call(e, %q);
    e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); })(%s)`, text, found("field", name))))
}

// see waits until the page shows a text.
func (b *browser) see(t *testing.T, text string) {
	t.Helper()
	b.await(t, fmt.Sprintf("the page shows %q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// theme emulates the colour scheme of the system.
func (b *browser) theme(t *testing.T, scheme string) {
	t.Helper()
	b.do(t, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
}

// shoot writes a picture of the window and returns its path. TRACERIA_SCREENSHOTS names the folder.
func (b *browser) shoot(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("TRACERIA_SCREENSHOTS")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "traceria-screenshots")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	png := run(t, b, chromedp.CaptureScreenshot())
	path := filepath.Join(folder, name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
