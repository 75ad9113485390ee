package main

import (
	"cmp"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// route asks as often as the step says.
func route(step *step, ask func() (sergo.Routing, error)) (any, error) {
	share := make(map[string]int)
	var last sergo.Routing
	for range step.Repeat {
		routing, err := ask()
		if err != nil {
			return nil, err
		}
		last = routing
		if routing.Outcome == sergo.Routed {
			share[cmp.Or(routing.Destination.Subset, routing.Destination.Host)]++
		}
	}
	if step.Repeat != 1 {
		return object{"share": share}, nil
	}
	return routed(last), nil
}

// pick asks as often as the step says.
func pick(step *step, ask func() (*sergo.Pick, error)) (any, error) {
	share := make(map[string]int)
	var answer object
	for range step.Repeat {
		pick, err := ask()
		if err != nil {
			return nil, err
		}
		answer = routed(pick.Routing)
		if pick.Outcome != sergo.Routed {
			continue
		}
		name := cmp.Or(pick.Destination.Subset, pick.Destination.Host)
		answer["instance"], answer["subset"] = nil, orNull(pick.Destination.Subset)
		if pick.Instance != nil {
			name = pick.Instance.ID
			answer["instance"] = name
		}
		share[name]++
	}
	if step.Repeat != 1 {
		return object{"share": share}, nil
	}
	return answer, nil
}

// routed is an answer of routing, shaped as in the TrafficRouter. What there is
// none of is null.
func routed(routing sergo.Routing) object {
	switch routing.Outcome {
	case sergo.NoRoute:
		return object{"none": true}
	case sergo.Empty:
		return object{"none": object{"host": routing.Destination.Host, "subset": orNull(routing.Destination.Subset)}}
	}
	policy := routing.Policy
	answer := object{
		"route":      orNull(routing.Route),
		"headers":    changes(policy.Headers),
		"corsPolicy": cors(policy.CORS),
		"redirect":   nil, "rewrite": nil, "fault": nil, "mirror": nil, "directResponse": nil,
	}
	if routing.Outcome == sergo.Routed {
		answer["destination"] = destination(routing.Destination)
		answer["fallback"] = routing.Fallback
		answer["timeout"] = spanOrNull(policy.Timeout)
		answer["retries"] = retries(policy.Retries)
	}
	if redirect := routing.Redirect; redirect != nil {
		answer["redirect"] = object{
			"uri": redirect.URI, "authority": redirect.Authority, "scheme": redirect.Scheme,
			"port": orNull(redirect.Port), "redirectCode": redirect.Code,
		}
	}
	if rewrite := routing.Rewrite; rewrite != nil {
		answer["rewrite"] = object{"uri": rewrite.URI, "authority": rewrite.Authority}
	}
	if response := routing.Response; response != nil {
		answer["directResponse"] = object{"status": response.Status, "body": nil}
		if response.Body != nil {
			answer["directResponse"] = object{"status": response.Status, "body": object{"string": *response.Body}}
		}
	}
	if routing.Fault != nil {
		answer["fault"] = fault(*routing.Fault)
	}
	if len(routing.Mirrors) > 0 {
		mirrors := make([]object, len(routing.Mirrors))
		for i, mirror := range routing.Mirrors {
			mirrors[i] = object{"destination": destination(mirror.Destination), "percentage": mirror.Percentage}
		}
		answer["mirror"] = mirrors
	}
	return answer
}

func destination(to sergo.Destination) object {
	return object{"host": to.Host, "subset": orNull(to.Subset), "port": orNull(to.Port)}
}

func fault(fault sergo.Fault) object {
	answer := object{"abort": nil, "delay": nil}
	if abort := fault.Abort; abort != nil {
		answer["abort"] = object{
			"httpStatus": orNull(abort.HTTPStatus), "grpcStatus": orNull(abort.GRPCStatus), "percentage": abort.Percentage,
		}
	}
	if delay := fault.Delay; delay != nil {
		answer["delay"] = object{"fixedDelay": delay.Fixed.String(), "percentage": delay.Percentage}
	}
	return answer
}

func retries(retries sergo.Retries) object {
	return object{
		"attempts": retries.Attempts, "perTryTimeout": spanOrNull(retries.PerTryTimeout), "retryOn": orNull(retries.RetryOn),
		"retryRemoteLocalities": retries.RetryRemoteLocalities, "retryIgnorePreviousHosts": retries.RetryIgnorePreviousHosts,
		"backoff": spanOrNull(retries.Backoff),
	}
}

func cors(policy *sergo.CORSPolicy) any {
	if policy == nil {
		return nil
	}
	return object{
		"allowOrigins": listOrNull(policy.AllowOrigins), "allowMethods": listOrNull(policy.AllowMethods),
		"allowHeaders": listOrNull(policy.AllowHeaders), "exposeHeaders": listOrNull(policy.ExposeHeaders),
		"maxAge": spanOrNull(policy.MaxAge), "allowCredentials": policy.AllowCredentials,
		"unmatchedPreflights": orNull(policy.UnmatchedPreflights),
	}
}

func changes(headers sergo.Headers) any {
	answer := object{}
	for name, changes := range map[string]sergo.HeaderChanges{"request": headers.Request, "response": headers.Response} {
		if changed := change(changes); len(changed) > 0 {
			answer[name] = changed
		}
	}
	if len(answer) == 0 {
		return nil
	}
	return answer
}

func change(changes sergo.HeaderChanges) object {
	answer := object{}
	if len(changes.Remove) > 0 {
		answer["remove"] = changes.Remove
	}
	if len(changes.Set) > 0 {
		answer["set"] = changes.Set
	}
	if len(changes.Add) > 0 {
		answer["add"] = changes.Add
	}
	return answer
}

// spanOrNull is the time in words, or null for none.
func spanOrNull(d time.Duration) any {
	if d == 0 {
		return nil
	}
	return d.String()
}

// listOrNull is the list, or null for an empty one.
func listOrNull[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
