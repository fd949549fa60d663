package main

import (
	"testing"
	"time"
)

func TestHeadway(t *testing.T) {
	for _, c := range []struct {
		done, all int
		after     time.Duration
		want      string
	}{
		{0, 20000, time.Minute, "0 of 20000 letters"},
		{1, 1, time.Millisecond, "1 of 1 letter"},
		{5000, 20000, 2 * time.Second, "5000 of 20000 letters, 2500 a second, 6s left"},
		{20000, 20000, 8 * time.Second, "20000 of 20000 letters, 2500 a second"},
		{30, 3600, 60 * time.Second, "30 of 3600 letters, 0.5 a second, 1h59m0s left"},
		{12, 10, 4 * time.Second, "12 of 12 letters, 3.0 a second"}, // some fell due meanwhile
	} {
		if got := headway(c.done, c.all, c.after); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
