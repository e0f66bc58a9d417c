-- Sends one document for tenants picked at random, each with its own token, and reports what wrk's own summary leaves out.
-- QUERY: a file with the JSON text of the document. TENANTS: a file with one "id token" per line. SEED: a number.
-- NUMBERED: if set, digits in the document that become another number with every request, so that no two are the same.

local requests = {}
local numbered = os.getenv("NUMBERED")
local sent = 0

local function text_of(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

function init()
  math.randomseed(tonumber(os.getenv("SEED")))
  local document = text_of(os.getenv("QUERY"))
  for line in io.lines(os.getenv("TENANTS")) do
    local tenant, token = line:match("^(%S+) (%S+)$")
    local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token }
    local body = '{"query":' .. document .. ',"variables":{"tenant":"' .. tenant .. '"}}'
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  local text = requests[math.random(#requests)]
  if not numbered then
    return text
  end
  sent = sent + 1
  return (text:gsub(numbered, string.format("%0" .. #numbered .. "d", sent), 1))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'SUMMARY {"requests": %d, "microseconds": %d, "bytes": %d, "p50_us": %d, "p95_us": %d, "errors": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(95),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
