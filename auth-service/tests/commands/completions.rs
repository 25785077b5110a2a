//! Completions, in a real shell.

use std::process::Command;

use crate::folder::Folder;

#[test]
fn bash_completes_commands_settings_and_arguments() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("script"), folder.run("completions bash").done())
        .expect("written");
    for (typed, wanted) in [
        (&["ke"][..], "keys"),
        (&["keys", "gen"], "generate"),
        (&["completions", "z"], "zsh"),
        (&["serve", "--issu"], "--issuer"),
    ] {
        let words = format!("auth-service {}", typed.join(" "));
        let complete = format!(
            "source ./script; COMP_WORDS=({words}); COMP_CWORD={}; \
             function=$(complete -p auth-service | grep -o '_auth[^ ]*'); \
             $function auth-service {} x; echo \"${{COMPREPLY[*]}}\"",
            typed.len(),
            typed[typed.len() - 1],
        );
        let shell = Command::new("bash")
            .args(["--norc", "-uc", &complete])
            .current_dir(folder.path())
            .output()
            .expect("bash");
        let offered = String::from_utf8_lossy(&shell.stdout).into_owned();
        assert!(offered.split_whitespace().any(|word| word == wanted), "{typed:?}: {shell:?}");
    }
}

#[test]
fn other_shells_get_a_script_and_an_unknown_one_a_word() {
    let folder = Folder::new();
    assert!(folder.run("completions zsh").done().starts_with("#compdef auth-service"));
    assert!(folder.run("completions fish").done().contains("complete -c auth-service"));
    let refused = folder.run("completions sh");
    assert_eq!(refused.status, 2);
    assert!(refused.errors.contains("bash"), "{refused:?}");
}
