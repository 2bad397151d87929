// SPDX-License-Identifier: Apache-2.0
// The Node peer of the Lambda bench; its runtime client reads and writes JSON in any case.
"use strict";

exports.echo = async (event) => event;
exports.raw = exports.echo;
exports.sqs = async (event) => ({ batchItemFailures: event.Records.slice(0, 0) });
