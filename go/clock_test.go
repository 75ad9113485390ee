package sergo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

var _ sergo.Clock = (*sergo.ManualClock)(nil)

func TestAManualClockOnlyGoesOn(t *testing.T) {
	clock := new(sergo.ManualClock)
	clock.Advance(time.Second)
	clock.Advance(-time.Second)
	clock.Set(time.Millisecond)
	if clock.Now() != time.Second {
		t.Errorf("got %v, want 1s", clock.Now())
	}
	clock.Set(time.Minute)
	if clock.Now() != time.Minute {
		t.Errorf("got %v, want 1m", clock.Now())
	}
}

func TestAManualWaitEndsWhenItsTimeHasCome(t *testing.T) {
	clock := new(sergo.ManualClock)
	waited := make(chan time.Duration)
	for _, d := range []time.Duration{2 * time.Second, time.Second} {
		go func() {
			if err := clock.Wait(context.Background(), d); err != nil {
				t.Error(err)
			}
			waited <- clock.Now()
		}()
	}
	woken := 0
	for woken < 2 {
		select {
		case now := <-waited:
			woken++
			if now < time.Duration(woken)*time.Second {
				t.Errorf("the wait %d ended at %v", woken, now)
			}
		default:
			clock.Advance(100 * time.Millisecond)
		}
	}
}

func TestAManualWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- new(sergo.ManualClock).Wait(ctx, time.Second) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
