-- Exchanges refresh tokens. Each answer holds the token of a later request. The file has a token a
-- line, and more of them than there are connections.
--
--   wrk -s refresh.lua URL -- FILE

local tokens, first, last = {}, 1, 0
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

function init(arguments)
  for token in io.lines(arguments[1]) do
    last = last + 1
    tokens[last] = token
  end
end

function request()
  local token = tokens[first]
  tokens[first] = nil
  first = first + 1
  local form = "grant_type=refresh_token&refresh_token=" .. token
  return wrk.format("POST", "/oauth2/token", headers, form)
end

function response(_, _, body)
  last = last + 1
  tokens[last] = body:match('"refresh_token":"([^"]+)"')
end
