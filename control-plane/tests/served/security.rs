//! TLS, certificates of clients, tokens.

use crate::kit::{App, Folder, Plane, limit, options, until};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sergo_control_plane::subscriber::{ClientTls, Connecting};
use sergo_control_plane::{Event, Options, Serving, Tls};

/// A root, and what it signs.
struct Root(CertifiedIssuer<'static, KeyPair>);

impl Root {
    fn new() -> Root {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Root(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// A certificate for this name, and its key.
    fn sign(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem().into_bytes(), key.serialize_pem().into_bytes())
    }
}

async fn serve(folder: &Folder, root: &Root, client_roots: Option<&Root>) -> Plane {
    folder.write("a.yaml", &limit("3"));
    let keep = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (certificate, key) = root.sign("rules.example.com");
    let tls = Tls {
        certificate: keep("certificate", certificate),
        key: keep("key", key),
        client_roots: client_roots.map(|root| keep("roots", root.pem())),
    };
    Plane::start(Options { tls: Some(tls), ..options(folder) }).await
}

/// What a renewal does: new files in the places of the old ones, one after the other.
fn renew(folder: &Folder, (certificate, key): &(Vec<u8>, Vec<u8>)) {
    for (name, bytes) in [("certificate", certificate), ("key", key)] {
        std::fs::write(folder.path().join("new"), bytes).unwrap();
        std::fs::rename(folder.path().join("new"), folder.path().join(name)).unwrap();
    }
}

fn trusting(root: &Root, name: &str) -> Connecting {
    let tls = ClientTls { roots: root.pem(), server_name: Some(name.to_owned()), identity: None };
    Connecting { tls: Some(tls), ..Connecting::default() }
}

/// Waits until it has been turned away twice, and so will not come in.
async fn stays_outside(app: &App, why: &[&str]) {
    let seen = app.sees("that it is turned away", |seen| seen.lost.len() > 1).await;
    assert!(why.is_empty() || why.iter().any(|why| seen.lost[0].contains(why)), "{:?}", seen.lost);
    assert_eq!((seen.updates, app.limit()), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_certificate_must_be_right() {
    let folder = Folder::new();
    let (root, other) = (Root::new(), Root::new());
    let plane = serve(&folder, &root, None).await;
    let app = App::connect(&plane.address(), trusting(&root, "rules.example.com"));
    app.has_limit(3.0).await;
    for (root, name) in [(&other, "rules.example.com"), (&root, "other.example.com")] {
        stays_outside(&App::connect(&plane.address(), trusting(root, name)), &["certificate"]).await;
    }
    stays_outside(&App::connect(&plane.address(), Connecting::default()), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_clients_need_a_certificate_it_must_be_right_too() {
    let folder = Folder::new();
    let (root, clients) = (Root::new(), Root::new());
    let plane = serve(&folder, &root, Some(&clients)).await;
    let with = |identity| {
        let mut connecting = trusting(&root, "rules.example.com");
        connecting.tls.as_mut().unwrap().identity = identity;
        App::connect(&plane.address(), connecting)
    };
    let app = with(Some(clients.sign("demo")));
    app.has_limit(3.0).await;
    assert_eq!(plane.json("/v1/clients").await["clients"][0]["certificate"], true);
    stays_outside(&with(None), &[]).await;
    stays_outside(&with(Some(root.sign("demo"))), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_get_the_renewed_certificate() {
    let folder = Folder::new();
    let (old, new) = (Root::new(), Root::new());
    let plane = serve(&folder, &old, None).await;
    let first = App::connect(&plane.address(), trusting(&old, "rules.example.com"));
    first.has_limit(3.0).await;
    // A certificate with the key of another: what was there before is shown on.
    let renewed = new.sign("rules.example.com");
    renew(&folder, &(renewed.0.clone(), old.sign("rules.example.com").1));
    let failed = |event: &Event| matches!(event, Event::CertificateFailed { message } if message.contains("key"));
    until("that it is told", || async { plane.log.lock().unwrap().iter().any(failed).then_some(()) }).await;
    App::connect(&plane.address(), trusting(&old, "rules.example.com")).has_limit(3.0).await;
    renew(&folder, &renewed);
    App::connect(&plane.address(), trusting(&new, "rules.example.com")).has_limit(3.0).await;
    stays_outside(&App::connect(&plane.address(), trusting(&old, "rules.example.com")), &["certificate"]).await;
    // The stream from before has noticed nothing.
    folder.write("a.yaml", &limit("4"));
    first.has_limit(4.0).await;
    assert!(first.now().lost.is_empty(), "{:?}", first.now().lost);
    assert!(plane.log.lock().unwrap().iter().any(|event| matches!(event, Event::Certificate { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roots_of_clients_can_change() {
    let folder = Folder::new();
    let (root, old, new) = (Root::new(), Root::new(), Root::new());
    let plane = serve(&folder, &root, Some(&old)).await;
    let with = |identity| {
        let mut connecting = trusting(&root, "rules.example.com");
        connecting.tls.as_mut().unwrap().identity = Some(identity);
        App::connect(&plane.address(), connecting)
    };
    with(old.sign("demo")).has_limit(3.0).await;
    folder.write("roots", "nothing");
    let failed = |event: &Event| matches!(event, Event::CertificateFailed { message } if message.contains("roots"));
    until("that it is told", || async { plane.log.lock().unwrap().iter().any(failed).then_some(()) }).await;
    with(old.sign("demo")).has_limit(3.0).await;
    std::fs::write(folder.path().join("roots"), new.pem()).unwrap();
    with(new.sign("demo")).has_limit(3.0).await;
    stays_outside(&with(old.sign("demo")), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_none_is_told_at_the_start() {
    let folder = Folder::new();
    let root = Root::new();
    let (certificate, key) = root.sign("rules.example.com");
    for name in ["certificate", "other"] {
        std::fs::write(folder.path().join(name), &certificate).unwrap();
    }
    std::fs::write(folder.path().join("key"), key).unwrap();
    std::fs::write(folder.path().join("strange"), root.sign("a").1).unwrap();
    let told = async |certificate: &str, key: &str| {
        let at = |name: &str| folder.path().join(name);
        let tls = Tls { certificate: at(certificate), key: at(key), client_roots: None };
        let options = Options { tls: Some(tls), ..options(&folder) };
        Serving::start(options, std::sync::Arc::new(|_: &Event| {})).await.err().unwrap()
    };
    assert!(told("key", "key").await.contains("found no certificate"));
    assert!(told("certificate", "other").await.contains("expected a private key"));
    assert!(told("certificate", "strange").await.contains("the certificate"));
    assert!(told("nothing", "key").await.contains("can't read"));
}

fn bearing(token: &str) -> Connecting {
    Connecting { token: Some(token.to_owned()), ..Connecting::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_namespaces_alone() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    folder.write("tokens", "tokens: [{name: shop, token: a-secret-of-the-shop, namespaces: [default]}]");
    let tokens = Some(folder.path().join("tokens"));
    let plane = Plane::start(Options { tokens, ..options(&folder) }).await;
    App::connect(&plane.address(), bearing("a-secret-of-the-shop")).has_limit(3.0).await;
    stays_outside(&App::connect(&plane.address(), Connecting::default()), &["no token"]).await;
    stays_outside(&App::connect(&plane.address(), bearing("a-secret-of-another")), &["that nobody has"]).await;
    let elsewhere = App::with("demo", vec![plane.address()], bearing("a-secret-of-the-shop"), |options| {
        options.namespace = "prod".to_owned();
    });
    let refused = "may not see the namespace prod";
    let is_refused = |error: &str| error.contains(refused);
    elsewhere.sees(refused, |seen| seen.state.as_ref().is_some_and(|state| is_refused(&state.last_error))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_change_hold_at_once() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let token = "tokens: [{name: shop, token: a-secret-of-the-shop, namespaces: [default]}]";
    folder.write("tokens", token);
    let tokens = Some(folder.path().join("tokens"));
    let plane = Plane::start(Options { tokens, ..options(&folder) }).await;
    let app = App::connect(&plane.address(), bearing("a-secret-of-the-shop"));
    app.has_limit(3.0).await;
    folder.write("tokens", "tokens: [");
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
    folder.write("tokens", "tokens: []");
    let seen = app.sees("that it is let go", |seen| seen.lost.len() > 1).await;
    assert!(seen.lost[0].contains("have changed") && seen.lost[1].contains("nobody has"), "{:?}", seen.lost);
    assert_eq!(app.limit(), Some(4.0), "what it had still governs");
    folder.write("a.yaml", &limit("5"));
    folder.write("tokens", token);
    app.has_limit(5.0).await;
}
