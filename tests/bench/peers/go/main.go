// SPDX-License-Identifier: Apache-2.0

// decode KIND FILE PASSES: parses FILE to the event type of aws-lambda-go, and prints what a pass took.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

var sink any // keeps the compiler from leaving a pass out

func cpuNs() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func pass[T any](text []byte, count func(*T) int) int {
	event := new(T)
	if err := json.Unmarshal(text, event); err != nil {
		panic(err)
	}
	sink = event
	return count(event)
}

func run[T any](text []byte, passes int64, count func(*T) int) {
	records := pass(text, count)
	wall, cpu := time.Now(), cpuNs()
	for i := int64(0); i < passes; i++ {
		records = pass(text, count)
	}
	took, used := time.Since(wall).Nanoseconds(), cpuNs()-cpu
	fmt.Printf("wall_ns %.1f\ncpu_ns %.1f\n", float64(took)/float64(passes), float64(used)/float64(passes))
	fmt.Printf("records %d\n", records)
}

func countKafka(event *events.KafkaEvent) int {
	records := 0
	for _, partition := range event.Records {
		records += len(partition)
	}
	return records
}

func countRequest(event *events.APIGatewayV2HTTPRequest) int {
	if event.RouteKey == "" {
		return 0
	}
	return 1
}

func main() {
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	passes, err := strconv.ParseInt(os.Args[3], 10, 64)
	if err != nil {
		panic(err)
	}
	switch os.Args[1] {
	case "sqs":
		run(text, passes, func(event *events.SQSEvent) int { return len(event.Records) })
	case "apigateway":
		run(text, passes, countRequest)
	case "s3":
		run(text, passes, func(event *events.S3Event) int { return len(event.Records) })
	case "dynamodb":
		run(text, passes, func(event *events.DynamoDBEvent) int { return len(event.Records) })
	case "kafka":
		run(text, passes, countKafka)
	default:
		panic("no kind " + os.Args[1])
	}
}
