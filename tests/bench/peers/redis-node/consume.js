// SPDX-License-Identifier: Apache-2.0
// consume.js PORT STREAM GROUP EVENTS: reads that many entries, a hundred at a time; of each it parses the field and
// reads a member; acknowledges them together. Prints what they took.
"use strict";
const { createClient } = require("redis");

function handle({ message }) {
  if (typeof JSON.parse(message.payload).order !== "number") throw new Error("there is no order");
}

async function consume(client, stream, group, events) {
  let count = 0;
  while (count < events) {
    const found = await client.xReadGroup(group, "node", { key: stream, id: ">" }, { COUNT: 100, BLOCK: 1000 });
    if (found === null) continue;
    const { messages } = found[0];
    messages.forEach(handle);
    await client.xAck(stream, group, messages.map(({ id }) => id));
    count += messages.length;
  }
}

async function main() {
  const [, , port, stream, group, events] = process.argv;
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  await consume(client, stream, group, Number(events));
  const took = Number(process.hrtime.bigint() - wall);
  const used = process.cpuUsage(cpu);
  console.log(`events ${events}\nseconds ${(took / 1e9).toFixed(6)}\ncpu_us ${used.user + used.system}`);
  client.destroy();
}

main();
