/**
 * Appends a batch, all or nothing, and gives its records their positions. Redis runs a script without anything in
 * between.
 *
 * KEYS: log (stream), head (highest position), sessions (hash), generations (hash), batches (hash), epoch.
 * ARGV: epoch expected, node, number of the batch, channel, position below which records may go (0: none),
 * number of records, records …, then id, generation and text ("" deletes) of each snapshot.
 * Returns the position of the first record, or "epoch" where another lifetime has begun. A batch that comes again,
 * since its answer was lost with a connection, is answered as the first time.
 */
export const APPEND_SCRIPT = `
if redis.call('GET', KEYS[6]) ~= ARGV[1] then return 'epoch' end
local done = redis.call('HGET', KEYS[5], ARGV[2])
if done then
  local number, first = done:match('^(%d+) (%d+)$')
  if number == ARGV[3] then return tonumber(first) end
end
local head = tonumber(redis.call('GET', KEYS[2]) or '0')
local first = head + 1
local records = tonumber(ARGV[6])
for i = 1, records do
  head = head + 1
  redis.call('XADD', KEYS[1], head .. '-0', 'r', ARGV[6 + i])
end
redis.call('SET', KEYS[2], head)
for i = 7 + records, #ARGV, 3 do
  local id, generation, text = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  if tonumber(redis.call('HGET', KEYS[4], id) or '0') <= generation then
    if text == '' then
      redis.call('HDEL', KEYS[3], id)
      redis.call('HDEL', KEYS[4], id)
    else
      redis.call('HSET', KEYS[3], id, text)
      redis.call('HSET', KEYS[4], id, generation)
    end
  end
end
redis.call('HSET', KEYS[5], ARGV[2], ARGV[3] .. ' ' .. first)
if ARGV[5] ~= '0' then redis.call('XTRIM', KEYS[1], 'MINID', ARGV[5] .. '-0') end
if records > 0 then redis.call('PUBLISH', ARGV[4], head) end
return first
`;

/**
 * Begins another lifetime with an empty store, unless somebody has done so already.
 *
 * KEYS: as above. ARGV: epoch that ends ("" where there is none), epoch that begins. Returns the epoch from now on.
 */
export const BEGIN_SCRIPT = `
local epoch = redis.call('GET', KEYS[6]) or ''
if epoch ~= ARGV[1] then return epoch end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('SET', KEYS[6], ARGV[2])
return ARGV[2]
`;
