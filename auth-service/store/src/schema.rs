//! The tables, as the queries see them. `migrations/` creates them.

diesel::table! {
    users (public_id) {
        public_id -> Text,
        name -> Text,
        email -> Text,
        email_key -> Text,
        password_hash -> Text,
        state -> Text,
        admin -> Bool,
        created_at -> BigInt,
        // Nullable in the database, but every committed row has one.
        created_seq -> BigInt,
        changed_at -> BigInt,
        tokens_from -> BigInt,
    }
}

diesel::table! {
    sessions (sid) {
        sid -> Text,
        kind -> Text,
        parent -> Nullable<Text>,
        public_id -> Text,
        client_id -> Text,
        audience -> Text,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        auth_time -> BigInt,
        methods -> Text,
        created_at -> BigInt,
        last_used_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refresh_tokens (family) {
        family -> Binary,
        sid -> Text,
        current_hash -> Binary,
        expires_at -> BigInt,
        previous_hash -> Nullable<Binary>,
        sealed_successor -> Nullable<Binary>,
        refreshed_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(refresh_tokens -> sessions (sid));
diesel::allow_tables_to_appear_in_same_query!(refresh_tokens, sessions);

diesel::table! {
    known_addresses (public_id, address) {
        public_id -> Text,
        address -> Text,
        last_at -> BigInt,
    }
}

diesel::table! {
    clients (client_id) {
        client_id -> Text,
        scopes -> Text,
        secret_hash -> Binary,
        created_at -> BigInt,
        secret_at -> BigInt,
        previous_hash -> Nullable<Binary>,
        previous_until -> Nullable<BigInt>,
        audiences -> Text,
    }
}

diesel::table! {
    keys (kid) {
        kid -> Text,
        state -> Text,
        since -> BigInt,
        n -> Text,
        e -> Text,
        added_at -> BigInt,
        served_at -> Nullable<BigInt>,
        longest_life_micros -> Nullable<BigInt>,
        signed -> Bool,
        last_expiry -> Nullable<BigInt>,
        rotation_requested_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    guards (client_id, instance) {
        client_id -> Text,
        instance -> Text,
        kids -> Text,
        position -> BigInt,
        confirmed_at -> BigInt,
        first_seen -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        at -> BigInt,
        public_id -> Nullable<Text>,
        body -> Text,
    }
}

diesel::table! {
    revocations (seq) {
        seq -> BigInt,
        at -> BigInt,
        body -> Text,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    feed_position (id) {
        id -> Integer,
        seq -> BigInt,
        acts -> BigInt,
    }
}

diesel::table! {
    first_start (id) {
        id -> Integer,
        done_at -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        actor_type -> Text,
        actor -> Nullable<Text>,
        action -> Text,
        refused -> Nullable<Text>,
        subject_type -> Text,
        subject -> Nullable<Text>,
        public_id -> Nullable<Text>,
        origin -> Nullable<Text>,
        request_id -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}
