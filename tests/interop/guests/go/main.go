// SPDX-License-Identifier: Apache-2.0

// The function of test_guests.py, for aws-lambda-go.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type answer struct {
	Failures []events.SQSBatchItemFailure `json:"batchItemFailures"`
	Request  string                       `json:"request"`
	Arn      string                       `json:"arn"`
}

func handle(ctx context.Context, event events.SQSEvent) (*answer, error) {
	told, _ := lambdacontext.FromContext(ctx)
	made := &answer{[]events.SQSBatchItemFailure{}, told.AwsRequestID, told.InvokedFunctionArn}
	for _, record := range event.Records {
		switch record.Body {
		case "fail":
			return nil, errors.New("told to fail")
		case "exit":
			os.Exit(4)
		case "again":
			made.Failures = append(made.Failures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		}
	}
	return made, nil
}

func main() { lambda.Start(handle) }
