//! Pages of `GET /user`, and `API_USER_LIST=admin`.

use api_service::domain::visibility::Visibility;
use signet_contract::directory::{DirectoryUser, UserState};

use crate::app::{Answer, App, operator, token_of, user};

fn names(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let users = body["users"].as_array().expect("a list");
    users.iter().map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
}

#[actix_web::test]
async fn pages_list_all_users_in_order_of_creation() {
    let mut users: Vec<_> = (0..7).map(|number| user(&format!("user-{number}"))).collect();
    users[3] = DirectoryUser { state: UserState::Disabled, ..user("user-3") };
    let app = App::start(&users, Visibility::Everyone).await;
    let token = token_of(&users[0]);
    let (mut seen, mut path) = (Vec::new(), "/user?limit=3".to_owned());
    let mut pages = 0;
    loop {
        let page = app.get(&path, &token).await;
        assert_eq!(page.status, 200, "{page:?}");
        seen.extend(names(&page));
        pages += 1;
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else { break };
        path = format!("/user?limit=3&after={next}");
    }
    assert_eq!((seen, pages), (users.iter().map(|user| user.name.clone()).collect(), 3));
}

#[actix_web::test]
async fn invalid_page_parameters_are_reported_by_field() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await;
    let answer = app.get("/user?limit=1001&after=x&after=y", &token_of(&ann)).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    insta::assert_snapshot!(answer.body);
    let gone = app.get("/user?after=u8c5f9f3e7f5c4d399a550f6a7f2b9a11", &token_of(&ann)).await;
    assert_eq!(gone.status, 422);
    insta::assert_snapshot!(gone.body);
}

#[actix_web::test]
async fn users_without_admin_see_only_their_own_record() {
    let (ann, bob, root) = (user("ann"), user("bob"), operator("root"));
    let users = [ann.clone(), bob.clone(), root.clone()];
    let app = App::start(&users, Visibility::Admins).await;
    let own = format!("/user/{}", ann.public_id);
    let others = format!("/user/{}", bob.public_id);
    let (anns, roots) = (token_of(&ann), token_of(&root));
    for (path, for_ann, for_root) in [
        ("/user", 403, 200),
        ("/user?limit=0", 403, 422),
        ("/user/me", 200, 200),
        (own.as_str(), 200, 200),
        (others.as_str(), 403, 200),
        // The response does not show if such a user exists.
        ("/user/8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11", 403, 404),
        ("/user/nobody", 403, 404),
    ] {
        assert_eq!(app.get(path, &anns).await.status, for_ann, "{path}");
        assert_eq!(app.get(path, &roots).await.status, for_root, "{path}");
    }
    let refused = app.get("/user", &anns).await;
    let challenge = refused.header("www-authenticate");
    assert_eq!(challenge, Some("Bearer error=\"insufficient_scope\""));
}
