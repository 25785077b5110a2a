// A service of Go behind a proxy that asks the guard: go run go_service.go PORT
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func orders(w http.ResponseWriter, r *http.Request) {
	field := func(name string) string {
		text, _ := url.PathUnescape(r.Header.Get(name))
		return text
	}
	subject := field("X-Auth-Subject")
	if subject == "" {
		http.Error(w, "The proxy did not ask the guard", http.StatusInternalServerError)
		return
	}
	roles := strings.FieldsFunc(field("X-Auth-Roles"), func(c rune) bool { return c == ',' })
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"caller": map[string]any{"subject": subject, "roles": roles, "name": field("X-Auth-Name")},
		"orders": []string{},
	})
}

func main() {
	http.HandleFunc("/orders", orders)
	// Only the proxy reaches this address.
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
