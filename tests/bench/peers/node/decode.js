// SPDX-License-Identifier: Apache-2.0
// decode.js KIND FILE PASSES: JSON.parse of FILE's bytes as text, and prints what a pass took.
"use strict";
const fs = require("node:fs");

function countRecords(event) {
  if (event.requestContext) return 1;
  if (event.Records) return event.Records.length;
  return Object.values(event.records).reduce((sum, partition) => sum + partition.length, 0);
}

const [, , , file, passes] = process.argv;
const bytes = fs.readFileSync(file);
// The runtime hands over bytes: making them text is a part of it.
const onePass = () => countRecords(JSON.parse(bytes.toString("utf8")));

let records = onePass();
const cpu = process.cpuUsage();
const wall = process.hrtime.bigint();
for (let i = 0; i < Number(passes); i++) records = onePass();
const took = Number(process.hrtime.bigint() - wall);
const used = process.cpuUsage(cpu);
console.log(`wall_ns ${(took / passes).toFixed(1)}`);
console.log(`cpu_ns ${(((used.user + used.system) * 1000) / passes).toFixed(1)}`);
console.log(`records ${records}`);
