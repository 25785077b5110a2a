// A service of Express behind a proxy that asks the guard: node express_service.mjs PORT

import express from "express";

const app = express();

app.use((request, response, next) => {
  const field = (name) => decodeURIComponent(request.get(name) ?? "");
  const subject = field("X-Auth-Subject");
  if (!subject) {
    return response.status(500).json({ detail: "The proxy did not ask the guard" });
  }
  const roles = field("X-Auth-Roles").split(",").filter((role) => role);
  request.caller = { subject, roles, name: field("X-Auth-Name") };
  next();
});

app.get("/orders", (request, response) => {
  response.json({ caller: request.caller, orders: [] });
});

// Only the proxy reaches this address.
app.listen(Number(process.argv.at(-1)), "127.0.0.1");
