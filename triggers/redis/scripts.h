/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be torn apart by another worker is a script: KEYS[1] is the stream, ARGV[1] the group, ARGV[2] the
 * consumer. They are sent whole each time (EVAL), so a server that has forgotten them needs no second question.
 */
#ifndef LEAT_REDIS_SCRIPTS_H
#define LEAT_REDIS_SCRIPTS_H

#define START "local k,g,me=KEYS[1],ARGV[1],ARGV[2] "

/* The entry if it is ours, with its fields and a count of deliveries that is `step` higher. What was trimmed away while
 * it was pending is acknowledged: nobody can ever have it again. */
#define FETCH                                                                    \
    "local function fetch(id,step) "                                             \
    "local p=redis.call('XPENDING',k,g,id,id,1,me)[1] if not p then return end " \
    "local e=redis.call('XRANGE',k,id,id)[1] "                                   \
    "if not e then redis.call('XACK',k,g,id) return end "                        \
    "redis.call('XCLAIM',k,g,me,0,id,'RETRYCOUNT',p[4]+step,'JUSTID') "          \
    "return {id,e[2],p[4]+step} end "

/* ARGV: step, ids. Those of them that are ours: {id, fields, deliveries}. */
static const char script_fetch[] =
    START FETCH "local r={} for i=4,#ARGV do r[#r+1]=fetch(ARGV[i],ARGV[3]) end return r";

/* ARGV: how long they were left alone, cursor, count. {next cursor, entries}, as above. */
static const char script_claim[] =
    START FETCH "local c=redis.call('XAUTOCLAIM',k,g,me,ARGV[3],ARGV[4],'COUNT',ARGV[5],'JUSTID') local r={} "
                "for _,id in ipairs(c[2]) do r[#r+1]=fetch(id,1) end return {c[1],r}";

/* ARGV: "IDLE" 0, or "TIME" 1 (they were left alone since 1970, so anybody may claim them), then ids and counts of
 * deliveries. 1 for each that is ours, else 0. */
static const char script_keep[] =
    START "local r={} for i=5,#ARGV,2 do local id=ARGV[i] "
          "if redis.call('XPENDING',k,g,id,id,1,me)[1] then "
          "redis.call('XCLAIM',k,g,me,0,id,ARGV[3],ARGV[4],'RETRYCOUNT',ARGV[i+1],'JUSTID') r[#r+1]=1 "
          "else r[#r+1]=0 end end return r";

/* ARGV: ids. How many were ours, and are acknowledged. */
static const char script_ack[] = START "local n=0 for i=3,#ARGV do local id=ARGV[i] "
                                       "if redis.call('XPENDING',k,g,id,id,1,me)[1] then "
                                       "n=n+redis.call('XACK',k,g,id) end end return n";

/* ARGV: id, reason. Copied into the stream that is called after this one, with where it came from and why, and
 * acknowledged; 0: it is not ours. */
static const char script_aside[] = START
    "local id=ARGV[3] if not redis.call('XPENDING',k,g,id,id,1,me)[1] then return 0 end "
    "local e=redis.call('XRANGE',k,id,id)[1] "
    "if e then redis.call('XADD',k..'.failed','*','leat.stream',k,'leat.group',g,'leat.id',id,'leat.reason',ARGV[4],"
    "unpack(e[2])) end return redis.call('XACK',k,g,id)";

/* ARGV: idle time. Other consumers that have nothing and were not seen for so long go. */
static const char script_tidy[] =
    START "local n=0 for _,c in ipairs(redis.call('XINFO','CONSUMERS',k,g)) do local m={} "
          "for i=1,#c,2 do m[c[i]]=c[i+1] end "
          "if m.pending==0 and m.idle>tonumber(ARGV[3]) and m.name~=me then "
          "n=n+1 redis.call('XGROUP','DELCONSUMER',k,g,m.name) end end return n";

/* What we have may be claimed at once; with nothing we go. */
static const char script_leave[] =
    START "local from,n='-',0 repeat local page=redis.call('XPENDING',k,g,from,'+',1000,me) "
          "for _,p in ipairs(page) do n=n+1 from='('..p[1] "
          "redis.call('XCLAIM',k,g,me,0,p[1],'TIME',1,'RETRYCOUNT',p[4],'JUSTID') end until #page<1000 "
          "if n==0 then redis.call('XGROUP','DELCONSUMER',k,g,me) end return n";

#undef START
#undef FETCH

#endif
