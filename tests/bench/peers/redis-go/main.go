// SPDX-License-Identifier: Apache-2.0

// consume PORT STREAM GROUP EVENTS: reads that many entries, a hundred at a time; of each it parses the field and reads
// a member; acknowledges them together. Prints what they took.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

type order struct {
	Order *int64 `json:"order"`
}

func cpuUs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1000
}

func handle(message redis.XMessage) {
	payload, there := message.Values["payload"].(string)
	if !there {
		panic("there is no payload")
	}
	var body order
	if err := json.Unmarshal([]byte(payload), &body); err != nil {
		panic(err)
	}
	if body.Order == nil {
		panic("there is no order")
	}
}

func consume(ctx context.Context, client *redis.Client, stream, group string, events int) {
	for events > 0 {
		streams, err := client.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: group, Consumer: "go", Streams: []string{stream, ">"}, Count: 100, Block: time.Second,
		}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			panic(err)
		}
		messages := streams[0].Messages
		ids := make([]string, 0, len(messages))
		for _, message := range messages {
			handle(message)
			ids = append(ids, message.ID)
		}
		if err := client.XAck(ctx, stream, group, ids...).Err(); err != nil {
			panic(err)
		}
		events -= len(messages)
	}
}

func main() {
	events, err := strconv.Atoi(os.Args[4])
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Args[1]})
	if err := client.Ping(ctx).Err(); err != nil {
		panic(err)
	}
	wall, cpu := time.Now(), cpuUs()
	consume(ctx, client, os.Args[2], os.Args[3], events)
	took, used := time.Since(wall).Seconds(), cpuUs()-cpu
	fmt.Printf("events %d\nseconds %.6f\ncpu_us %.1f\n", events, took, used)
}
