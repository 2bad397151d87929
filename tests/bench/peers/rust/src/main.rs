// SPDX-License-Identifier: Apache-2.0
//! decode KIND FILE PASSES: parses FILE to the event type of aws_lambda_events and drops it, and prints what a pass took.
use aws_lambda_events::event::{
    apigw::ApiGatewayV2httpRequest, dynamodb::Event as DynamoDbEvent, kafka::KafkaEvent, s3::S3Event, sqs::SqsEvent,
};
use serde::de::DeserializeOwned;
use std::{env, fs, hint::black_box, process::exit, time::Instant};

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

fn cpu_ns() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.seconds as f64 * 1e9 + time.nanoseconds as f64
}

fn pass<T: DeserializeOwned>(text: &[u8], count: fn(&T) -> usize) -> usize {
    let event: T = serde_json::from_slice(black_box(text)).expect("the payload parses");
    count(black_box(&event))
}

fn run<T: DeserializeOwned>(text: &[u8], passes: u64, count: fn(&T) -> usize) {
    let mut records = pass(text, count);
    let (wall, cpu) = (Instant::now(), cpu_ns());
    for _ in 0..passes {
        records = pass(text, count);
    }
    let (wall, cpu) = (wall.elapsed().as_nanos() as f64, cpu_ns() - cpu);
    println!("wall_ns {:.1}\ncpu_ns {:.1}\nrecords {records}", wall / passes as f64, cpu / passes as f64);
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let text = fs::read(&arguments[2]).expect("FILE can be read");
    let passes = arguments[3].parse().expect("PASSES is a number");
    match arguments[1].as_str() {
        "sqs" => run::<SqsEvent>(&text, passes, |event| event.records.len()),
        "apigateway" => run::<ApiGatewayV2httpRequest>(&text, passes, |event| event.route_key.iter().count()),
        "s3" => run::<S3Event>(&text, passes, |event| event.records.len()),
        "dynamodb" => run::<DynamoDbEvent>(&text, passes, |event| event.records.len()),
        "kafka" => run::<KafkaEvent>(&text, passes, |event| event.records.values().map(Vec::len).sum()),
        kind => {
            eprintln!("decode: no kind {kind}");
            exit(64)
        }
    }
}
