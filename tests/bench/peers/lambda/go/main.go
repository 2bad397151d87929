// SPDX-License-Identifier: Apache-2.0

// The Go peer of the Lambda bench: BENCH_HANDLER says what it does with an event.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func echo(event json.RawMessage) (json.RawMessage, error) {
	return event, nil
}

func sqs(event events.SQSEvent) (events.SQSEventResponse, error) {
	return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}, nil
}

// raw gets the bytes as they came; encoding/json never sees them.
type raw struct{}

func (raw) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	return payload, nil
}

func main() {
	switch os.Getenv("BENCH_HANDLER") {
	case "echo":
		lambda.Start(echo)
	case "sqs":
		lambda.Start(sqs)
	case "raw":
		lambda.StartHandler(raw{})
	default:
		panic("BENCH_HANDLER: none of echo, raw, sqs")
	}
}
