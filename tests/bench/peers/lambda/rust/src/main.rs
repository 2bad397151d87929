// SPDX-License-Identifier: Apache-2.0
//! The Rust peer of the Lambda bench: BENCH_HANDLER says what it does with an event, on a current_thread runtime.
use aws_lambda_events::{event::sqs::SqsEvent, sqs::SqsBatchResponse};
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::value::RawValue;
use std::{env, hint::black_box, process::exit};

/// Validates the JSON without building anything of it: the cheapest that this runtime can do.
async fn echo(event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
    Ok(event.payload)
}

async fn sqs(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    black_box(&event.payload.records);
    Ok(SqsBatchResponse::default())
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match env::var("BENCH_HANDLER").as_deref() {
        Ok("echo") | Ok("raw") => runtime.block_on(run(service_fn(echo))),
        Ok("sqs") => runtime.block_on(run(service_fn(sqs))),
        _ => {
            eprintln!("BENCH_HANDLER: none of echo, raw, sqs");
            exit(64)
        }
    }
}
