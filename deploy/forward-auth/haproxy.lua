-- Asks the guard about a request. haproxy.cfg loads this file and passes the rules.

local VERIFY = "http://127.0.0.1:8002/verify?"
local FIELDS = {
    "X-Auth-Subject", "X-Auth-Client", "X-Auth-Audience", "X-Auth-Scope", "X-Auth-Roles",
    "X-Auth-Name", "X-Auth-Email",
}

-- Returns all values of a header field.
local function values(headers, name)
    local found = {}
    -- HAProxy counts them from 0.
    for _, value in pairs(headers[name] or {}) do found[#found + 1] = value end
    return #found > 0 and found or nil
end

core.register_action("signet_verify", { "http-req" }, function(txn, rules)
    local sent = txn.http:req_get_headers()
    local token = {
        ["authorization"] = values(sent, "authorization"),
        ["x-access-token"] = values(sent, "x-access-token"),
    }
    -- Tried four times, so 5 s at most.
    local answer = core.httpclient():get { url = VERIFY .. rules, headers = token, timeout = 1250 }

    if answer.status ~= 200 then
        local judged = answer.status == 401 or answer.status == 403
        local reply = txn:reply { status = judged and answer.status or 503 }
        local challenge = judged and values(answer.headers, "www-authenticate")
        if challenge then reply:add_header("WWW-Authenticate", challenge[1]) end
        if not judged then reply:add_header("Retry-After", "5") end
        txn:done(reply)
        return
    end

    -- The client's own fields. Many services read X_Auth_Roles and X-Auth-Roles as one name.
    for name in pairs(sent) do
        if name:lower():gsub("%W", "-"):find("^x%-auth%-") then txn.http:req_del_header(name) end
    end
    for _, name in ipairs(FIELDS) do
        local value = values(answer.headers, name:lower())
        txn.http:req_set_header(name, value and value[1] or "")
    end
    txn:set_var("txn.signet_admitted", true)
end, 1)
