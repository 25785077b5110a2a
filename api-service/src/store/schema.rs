//! The tables of `schema.sql`, for diesel.

diesel::table! {
    users (ordinal) {
        ordinal -> BigInt,
        public_id -> Binary,
        name -> Text,
        email -> Text,
        state -> Text,
        roles -> Text,
        sum -> BigInt,
    }
}

diesel::table! {
    staged_users (ordinal) {
        ordinal -> BigInt,
        public_id -> Binary,
        name -> Text,
        email -> Text,
        state -> Text,
        roles -> Text,
        sum -> BigInt,
    }
}

diesel::table! {
    revocations (seq) {
        seq -> BigInt,
        event -> Text,
        sum -> BigInt,
    }
}

diesel::table! {
    replica_state (name) {
        name -> Text,
        value -> Text,
        sum -> BigInt,
    }
}
