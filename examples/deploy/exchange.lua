-- Load for `wrk -s exchange.lua URL/v1/exchange`: an exchange in each request, of the ID token in ID_TOKEN.
wrk.method = "POST"
wrk.body = "{}"
wrk.headers["Authorization"] = "Bearer " .. assert(os.getenv("ID_TOKEN"), "set ID_TOKEN")
wrk.headers["Content-Type"] = "application/json"
