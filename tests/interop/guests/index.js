// SPDX-License-Identifier: Apache-2.0
// The function of test_guests.py, for aws-lambda-ric.
exports.handler = async (event, context) => {
  const failures = [];
  for (const record of event.Records) {
    if (record.body === "fail") throw new Error("told to fail");
    if (record.body === "exit") process.exit(4);
    if (record.body === "again") failures.push({ itemIdentifier: record.messageId });
  }
  return { batchItemFailures: failures, request: context.awsRequestId, arn: context.invokedFunctionArn };
};
