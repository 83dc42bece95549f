-- What P4 compares with: dedup, state, the event itself and what is owed to others, atomically.
-- ARGV: base of the run, a number drawn at random (its order and stage), the event's data.
local id = tonumber(ARGV[1]) + tonumber(ARGV[2])
if not redis.call('SET', 'e:' .. id, ARGV[3], 'NX') then return 0 end
local order, stage = math.floor(id / 10), id % 10
local key = 'o:' .. order
local state = redis.call('HGET', key, 'state')
if not state or tonumber(state) <= stage then
  redis.call('HSET', key, 'state', stage)
end
local version = redis.call('HINCRBY', key, 'version', 1)
redis.call('XADD', 'outbox', 'MAXLEN', '~', 1000000, '*', 'o', order, 'e', id, 'v', version)
return 1
