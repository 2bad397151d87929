// SPDX-License-Identifier: Apache-2.0
//! The function of test_guests.py, for lambda_runtime.
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut failures = Vec::new();
    for record in event.payload["Records"].as_array().ok_or("no records")? {
        match record["body"].as_str() {
            Some("fail") => return Err("told to fail".into()),
            Some("exit") => std::process::exit(4),
            Some("again") => failures.push(json!({ "itemIdentifier": record["messageId"] })),
            _ => (),
        }
    }
    let context = event.context;
    Ok(json!({ "batchItemFailures": failures, "request": context.request_id, "arn": context.invoked_function_arn }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
