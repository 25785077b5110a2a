//! The arguments of every list that has pages.

use clap::Args;

#[derive(Args)]
pub(super) struct Listed {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The most rows to print
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) limit: u32,
}
