//! Services that know nothing of tokens, behind proxies that ask the guard, with the files of
//! `deploy/forward-auth`.

mod page;
mod proxies;
mod services;
mod spellings;
