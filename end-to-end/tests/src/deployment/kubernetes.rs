//! The manifests of `deploy/kubernetes`: each fits its schema, and names settings, ports and paths
//! that exist.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::pair::Pair;
use support::service::Service;
use support::{deploy, http, outside};

/// The documents of all files below `deploy/kubernetes`, with the names of their files.
fn documents() -> Vec<(String, Value)> {
    let folder = deploy::path("kubernetes");
    let files: Vec<String> = [folder.clone(), folder.join("postgres")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let read = outside::python("manifests.py", &json!(files));
    let read = read.as_object().expect("files").clone();
    let mut all = Vec::new();
    for (path, documents) in read {
        let name = path.rsplit_once("/kubernetes/").expect("a file of the folder").1;
        for document in list(&documents) {
            all.push((name.to_owned(), document.clone()));
        }
    }
    all
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The pods of this service: the manifest and the patch for PostgreSQL.
fn pods(documents: &[(String, Value)], service: &str) -> Vec<Value> {
    let of_service = |document: &&(String, Value)| {
        document.1["kind"] == "Deployment" && document.1["metadata"]["name"] == service
    };
    let pods = documents.iter().filter(of_service);
    pods.map(|(_, document)| document["spec"]["template"].clone()).collect()
}

fn container(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]
}

fn environment(pod: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let set = list(&container(pod)["env"]).iter();
    set.map(|set| (text(&set["name"]), text(&set["value"]))).collect()
}

/// The port of a setting's default.
fn default_port(service: &Service, setting: &str) -> u64 {
    let mut fresh = service.launch.clone();
    fresh.environment.clear();
    let printed = fresh.run(&["check-config", "--json"]).done().out;
    let settings: Value = serde_json::from_str(&printed).expect("JSON");
    let setting = list(&settings).iter().find(|known| known["name"] == setting).expect("known");
    let value = setting["value"].as_str().expect("an address");
    value.rsplit_once(':').expect("a port").1.parse().expect("a number")
}

#[test]
fn kustomization_lists_every_manifest() {
    let documents = documents();
    let of = |file: &str| {
        let mut found = documents.iter().filter(|(name, _)| name == file);
        found.next().expect("a document").1.clone()
    };
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let listed: BTreeSet<_> =
        list(&of("kustomization.yaml")["resources"]).iter().map(text).collect();
    let patches = of("postgres/kustomization.yaml")["patches"].clone();
    let patches: BTreeSet<_> = list(&patches).iter().map(|patch| text(&patch["path"])).collect();
    let mut files: BTreeSet<_> = documents.iter().map(|(name, _)| name.clone()).collect();
    files.retain(|name| !name.ends_with("kustomization.yaml"));
    let expected: BTreeSet<_> =
        listed.into_iter().chain(patches.iter().map(|path| format!("postgres/{path}"))).collect();
    assert_eq!(files, expected);

    let images: BTreeSet<_> = list(&of("kustomization.yaml")["images"])
        .iter()
        .map(|image| text(&image["name"]))
        .collect();
    for service in ["auth-service", "api-service"] {
        let pod = &pods(&documents, service)[0];
        let image = text(&container(pod)["image"]);
        let name = image.rsplit_once(':').expect("a tag").0;
        assert!(images.contains(name), "{name} is not in {images:?}");
    }
}

#[test]
fn services_accept_the_environment_of_their_manifests() {
    let pair = Pair::bare();
    let documents = documents();
    for (name, service) in [("auth-service", &pair.auth), ("api-service", &pair.api)] {
        let mut launch = service.launch.clone();
        launch.environment.clear();
        for (name, value) in pods(&documents, name).iter().flat_map(environment) {
            launch.set(&name, &value);
        }
        assert!(launch.environment.len() > 3, "{launch:?}");
        // An unknown name would be a warning, a wrong value an error.
        let checked = launch.run(&["check-config"]).done();
        assert_eq!(checked.err, "", "{name}");
    }
}

#[test]
fn ports_and_probes_of_the_manifests_are_those_of_the_services() {
    let pair = Pair::start();
    let documents = documents();
    for (name, prefix, service) in
        [("auth-service", "AUTH", &pair.auth), ("api-service", "API", &pair.api)]
    {
        let http = default_port(service, &format!("{prefix}_BIND"));
        let management = default_port(service, &format!("{prefix}_MANAGEMENT_BIND"));
        let pod = &pods(&documents, name)[0];
        let ports = &container(pod)["ports"];
        assert_eq!(ports[0], json!({"name": "http", "containerPort": http}));
        assert_eq!(ports[1], json!({"name": "management", "containerPort": management}));
        let set = environment(pod);
        for (setting, port) in [("BIND", http), ("MANAGEMENT_BIND", management)] {
            let expected = (format!("{prefix}_{setting}"), format!("0.0.0.0:{port}"));
            assert!(set.contains(&expected), "{expected:?} is not in {set:?}");
        }
        let scraped = &pod["metadata"]["annotations"];
        assert_eq!(scraped["prometheus.io/port"], management.to_string());
        let mut paths = vec![scraped["prometheus.io/path"].clone()];
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let probe = &container(pod)[probe]["httpGet"];
            assert_eq!(probe["port"], "management");
            paths.push(probe["path"].clone());
        }
        for path in paths {
            let path = path.as_str().expect("a path");
            http::request("GET", &format!("{}{path}", service.management)).send().expect(200);
        }
        let policy = documents.iter().find(|(file, document)| {
            file == "network.yaml" && document["metadata"]["name"] == name
        });
        let opened = list(&policy.expect("a policy").1["spec"]["ingress"]).iter();
        let opened: Vec<_> = opened.map(|rule| rule["ports"][0]["port"].clone()).collect();
        assert_eq!(opened, [http, management]);
    }
}

#[test]
fn pods_run_as_the_user_of_the_images_and_stop_as_in_the_compose_file() {
    let root = deploy::path("..");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a file");
    let (dockerfile, compose) = (read("Dockerfile"), read("docker-compose.yml"));
    let documents = documents();
    for service in ["auth-service", "api-service"] {
        let pod = &pods(&documents, service)[0]["spec"];
        let context = &pod["securityContext"];
        let user = format!("USER {}:{}\n", context["runAsUser"], context["runAsGroup"]);
        assert!(dockerfile.contains(&user), "no {user}");
        assert_ne!(context["fsGroup"], context["runAsGroup"]);
        let grace = format!("stop_grace_period: {}s\n", pod["terminationGracePeriodSeconds"]);
        assert!(compose.contains(&grace), "no {grace}");
        assert_eq!(pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
    }
    let issuer = documents.iter().find(|(file, _)| file == "issuer.yaml").expect("a file");
    let spec = &issuer.1["spec"];
    assert_eq!((&spec["replicas"], &spec["strategy"]["type"]), (&json!(1), &json!("Recreate")));
}

/// `kubectl` is in no package of Debian, so not every machine runs this test.
#[test]
fn kustomize_builds_the_pair_on_both_databases() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        eprintln!("skipped: kubectl is not installed");
        return;
    }
    let pair = Pair::bare();
    let copy = pair.folder().join("manifests");
    let copied = Command::new("cp").arg("-r").arg(deploy::path("kubernetes")).arg(&copy).status();
    assert!(copied.expect("cp runs").success());
    let with_postgres = deploy::file("kubernetes/kustomization.yaml")
        .replace("# components:\n#   - postgres\n", "components:\n  - postgres\n")
        .finish();
    let built = || {
        let built = Command::new("kubectl").arg("kustomize").arg(&copy).output().expect("it runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let file = pair.folder().join("built.yaml");
        fs::write(&file, built.stdout).expect("written");
        outside::python("manifests.py", &json!([file])).to_string()
    };
    let on_sqlite = built();
    fs::write(copy.join("kustomization.yaml"), with_postgres).expect("written");
    let on_postgres = built();
    assert!(!on_sqlite.contains("AUTH_DATABASE_URL"), "{on_sqlite}");
    for part in ["AUTH_DATABASE_URL", "AUTH_ISSUER", "5432"] {
        assert!(on_postgres.contains(part), "no {part}: {on_postgres}");
    }
}
