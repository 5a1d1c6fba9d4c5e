// Package pace sends requests at planned times, whether the ones before were answered or not: an open loop. A loop that waits for
// answers sends less while the other side is slow, and its measurements leave out the slow times (coordinated omission).
package pace

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Profile is the course of the rate.
type Profile string

// The profiles.
const (
	Steady Profile = "steady" // the same rate all the time
	Ramp   Profile = "ramp"   // from 0 to the rate, in a straight line
	Burst  Profile = "burst"  // ten times the rate for a second, nine seconds of silence: the rate is the mean
)

// Profiles are all profiles.
var Profiles = []Profile{Steady, Ramp, Burst}

// ParseProfile returns the profile with a name. The error says which there are.
func ParseProfile(name string) (Profile, error) {
	names := make([]string, len(Profiles))
	for i, p := range Profiles {
		if names[i] = string(p); names[i] == name {
			return p, nil
		}
	}
	return "", fmt.Errorf("profile %.40q: want %s", name, strings.Join(names, ", "))
}

const (
	burstEvery = 10 * time.Second
	burstTimes = 10 // the rate within a burst, as a multiple
)

// Plan says when requests are sent.
type Plan struct {
	// Profile is steady if it is empty.
	Profile Profile
	// Rate is a number of requests in a second: the mean of steady and burst, the end of ramp.
	Rate     float64
	Duration time.Duration
	// WarmUp is a time with a steady rate before Duration. It can be 0.
	WarmUp time.Duration
}

// WarmUps is the number of requests of the warm-up.
func (p Plan) WarmUps() int { return int(p.Rate*p.WarmUp.Seconds() + rounding) }

// Count is the number of all requests, at least 1 after the warm-up.
func (p Plan) Count() int { return p.WarmUps() + max(1, int(p.total()+rounding)) }

// rounding keeps a product such as 0.1 × 30 from falling below the whole number that it stands for.
const rounding = 1e-9

// total is the number of requests after the warm-up.
func (p Plan) total() float64 {
	total := p.Rate * p.Duration.Seconds()
	if p.Profile == Ramp {
		total /= 2
	}
	return total
}

// At returns the time from the beginning to request n, which counts from 0.
func (p Plan) At(n int) time.Duration {
	if warm := p.WarmUps(); n >= warm {
		return p.WarmUp + p.at(float64(n-warm))
	}
	return seconds(float64(n) / p.Rate)
}

func (p Plan) at(n float64) time.Duration {
	switch p.Profile {
	case Ramp: // the number of requests grows with the square of the time
		return min(p.Duration, seconds(p.Duration.Seconds()*math.Sqrt(n/max(p.total(), 1))))
	case Burst:
		each := p.Rate * burstEvery.Seconds()
		burst := math.Floor(n / each)
		return time.Duration(burst)*burstEvery + seconds((n-burst*each)/(p.Rate*burstTimes))
	default:
		return seconds(n / p.Rate)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
