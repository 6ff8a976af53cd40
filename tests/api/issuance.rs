//! From evidence to an award with its files, and what an award waits for in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use sceau::attestation::{TemplateFiles, Templates};
use sceau::badge;
use sceau::store::{AlertFilter, AlertKind, DeliveryState};
use sceau::time::Clock as _;
use sceau::verify::{self, Materials, Trust, Verdict};
use serde_json::{Value, json};

use crate::app::{ACTIVITIES, SESSION, TestApp, activity, completion, event, text, zoe};
use crate::support;

crate::on_both_engines! {
    /// The main job: a webhook in; a signed badge, its images, its attestation and its page out.
    async fn a_completion_becomes_a_badge_an_attestation_and_a_page(app: &TestApp) {
        let delivery = app.complete(zoe()).await;
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Processed);

        let award = app.award("892").await;
        assert_eq!((text(&award, "/state"), text(&award, "/kind")), ("issued", "participation"));
        assert_eq!(award["learner"], json!({ "source": "mentor", "id": "892" }));
        assert_eq!((&award["session"], &award["awarded"]), (&json!(SESSION), &json!("2026-03-27T17:12:09Z")));
        assert_eq!((&award["credential"]["version"], &award["credential"]["revoked"]), (&json!(1), &Value::Null));

        // The same signed bytes, whichever way they are reached.
        let credential = app.get(text(&award, "/credential/id")).await.expect(200);
        assert_eq!(credential.header("content-type"), "application/vc");
        let file = app.get(text(&award, "/links/credential")).await.expect(200);
        assert_eq!(file.body, credential.body);
        let png = app.get(text(&award, "/links/badge_png")).await.expect(200);
        assert_eq!(png.header("content-type"), "image/png");
        assert_eq!(badge::png::extract(&png.body).unwrap().unwrap(), credential.text());
        let svg = app.get(text(&award, "/links/badge_svg")).await.expect(200);
        assert_eq!(svg.header("content-type"), "image/svg+xml");
        assert_eq!(badge::svg::extract(svg.text()).unwrap().unwrap(), credential.text());

        // Rendered on demand, the same each time.
        let pdf = app.get(text(&award, "/links/attestation")).await.expect(200);
        assert_eq!(pdf.header("content-type"), "application/pdf");
        assert!(pdf.body.starts_with(b"%PDF-1.7"));
        assert_eq!(app.get(text(&award, "/links/attestation")).await.body, pdf.body);
        for link in ["badge_png", "badge_svg", "attestation", "credential"] {
            let file = app.get(text(&award, &format!("/links/{link}"))).await.expect(200);
            let disposition = file.header("content-disposition").to_owned();
            assert!(disposition.contains("laicite-2026-03-participation."), "{disposition}");
            assert_eq!(file.header("cache-control"), "no-store");
        }

        // What the badge says.
        let document = credential.json();
        assert_eq!(document["id"], award["credential"]["id"]);
        assert_eq!(document["issuer"]["id"], "did:web:sceau.example:issuers:dgafp");
        assert_eq!(document["awardedDate"], "2026-03-27T17:12:09Z");
        let achievement = &document["credentialSubject"]["achievement"];
        assert_eq!(achievement["name"], "Les fondamentaux de la laïcité");
        assert_eq!(document["credentialSubject"]["result"][0]["value"], "PT3H30M");
        assert_eq!(document["credentialSubject"]["activityStartDate"], "2026-03-02T08:00:00Z");

        // The page behind the QR code, for the manager.
        let page = app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        for words in ["Attestation authentique", "Zoé Lefèvre-Nguyễn", "Les fondamentaux de la laïcité", "Nom vérifié", "3\u{a0}h\u{a0}30\u{a0}min"] {
            assert!(page.text().contains(words), "{words}");
        }

        // The public endpoint says the same of each form, and refuses a copy that was changed.
        for form in [&credential.body, &png.body, &svg.body] {
            let report = app.verify(form).await;
            assert_eq!(report["verdict"], "valid", "{report}");
            assert_eq!(report["credential"]["title"], "Les fondamentaux de la laïcité");
        }
        let forged = credential.text().replace("PT3H30M", "PT9H30M");
        assert_eq!(app.verify(forged.as_bytes()).await["verdict"], "invalid");
    }

    /// The pages of a PDF are nobody's signature: only where it is the one that was issued, to the byte, does its credential speak for
    /// what it shows.
    async fn a_pdf_is_vouched_for_where_it_was_issued_and_nowhere_else(app: &TestApp) {
        app.complete(zoe()).await;
        let pdf = app.get(text(&app.award("892").await, "/links/attestation")).await.expect(200).body;
        let report = app.verify(&pdf).await;
        assert_eq!((&report["verdict"], &report["checks"][0]["reason"]), (&json!("valid"), &json!("pdf_as_issued")));
        // An incremental update, as every editor appends one: the credential attached is as genuine as before.
        let mut edited = pdf.to_vec();
        edited.extend_from_slice(b"% edited\n");
        let report = app.verify(&edited).await;
        assert_eq!(report["checks"][0]["outcome"], "not_checked", "{report}");
        assert_eq!((&report["verdict"], &report["checks"][0]["reason"]), (&json!("unverifiable"), &json!("pdf_revised")));
        assert_eq!(report["checks"][2]["reason"], "signature_valid");
        for damaged in [&pdf[..pdf.len() / 2], b"%PDF-1.7", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<</Root 1 0 R>>\n"] {
            let report = app.verify(damaged).await;
            assert_eq!((&report["verdict"], &report["checks"][0]["outcome"]), (&json!("invalid"), &json!("fail")));
        }
    }

    /// A new template changes nothing that was given out, wherever it is drawn.
    async fn an_attestation_keeps_the_template_it_was_issued_with(app: &TestApp) {
        app.complete(zoe()).await;
        let link = text(&app.award("892").await, "/links/attestation").to_owned();
        let issued = app.get(&link).await.expect(200).body;
        let style = TemplateFiles::from([("style.toml".to_owned(), b"[styles.title]\nsize = 31\n".to_vec())]);
        let later = Arc::new(Templates::new(&style, &BTreeMap::new()).unwrap());
        let later = app.with(|service| service.with_templates(later)).await;
        assert_eq!(later.get(&link).await.expect(200).body, issued);
        // An instance that was given no templates at all draws it the same, too.
        assert_eq!(app.with(|service| service).await.get(&link).await.expect(200).body, issued);
        assert_eq!(later.verify(&issued).await["checks"][0]["reason"], "pdf_as_issued");

        let award = later.award("892").await;
        later.reissue(&award).await;
        let reissued = later.get(&link).await.expect(200).body;
        assert_eq!(app.count("select count(distinct template) from credential_templates").await, 2);
        assert_eq!(app.get(&link).await.expect(200).body, reissued);
    }

    /// An outsider has nothing but what is published: the key and the status list.
    async fn a_stranger_can_verify_with_what_is_published(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credential = app.get(text(&award, "/credential/id")).await.expect(200);
        let list = app.get(text(&credential.json(), "/credentialStatus/statusListCredential")).await.expect(200);
        let mut materials = Materials::new();
        for published in [app.get("/issuers/dgafp/did.json").await.expect(200), list] {
            materials.supply(&published.body, Trust::Domain).unwrap();
        }
        let report = verify::prepare(&credential.body).conclude(&materials, app.clock.now());
        assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    }

    async fn a_learner_who_lacks_something_has_no_award(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..2])).await;
        app.work().await;
        assert_eq!(app.awards("892").await, Vec::<Value>::new());
        app.deliver(&completion(zoe(), &ACTIVITIES)).await;
        app.work().await;
        assert_eq!(text(&app.award("892").await, "/state"), "issued");
    }

    async fn one_delivery_may_report_on_several_learners(app: &TestApp) {
        let records: Vec<_> = ["1", "2", "3"]
            .map(|id| completion(json!({ "id": id, "name": format!("Agent {id}") }), &ACTIVITIES)["record"].clone())
            .into();
        app.deliver(&json!({ "version": 1, "records": records })).await;
        app.work().await;
        let mut subjects = std::collections::HashSet::new();
        for learner in ["1", "2", "3"] {
            let award = app.award(learner).await;
            subjects.insert(text(&app.get(text(&award, "/credential/id")).await.json(), "/credentialSubject/id").to_owned());
        }
        assert_eq!(subjects.len(), 3, "each award has a pseudonym of its own");
        let first = app.read("/api/v1/awards?limit=2").await.expect(200).json();
        assert_eq!(first["awards"].as_array().unwrap().len(), 2);
        let rest = app.read(&format!("/api/v1/awards?limit=2&after={}", text(&first, "/next"))).await.expect(200).json();
        assert_eq!(rest["awards"].as_array().unwrap().len(), 1);
        assert!(rest.get("next").is_none());
    }

    /// The source may be left out where one alone knows a learner by that id.
    async fn a_learner_is_asked_for_by_the_id_of_their_source(app: &TestApp) {
        app.complete(zoe()).await;
        let asked = async |query: &str| app.read(&format!("/api/v1/awards?{query}")).await;
        let of_one = asked("source=mentor&learner=892").await.expect(200).json();
        assert_eq!(of_one["awards"].as_array().unwrap().len(), 1);
        assert_eq!(asked("learner=892").await.expect(200).json(), of_one);
        assert_eq!(asked(&format!("session={SESSION}&learner=892")).await.expect(200).json(), of_one);
        assert_eq!(asked("learner=893").await.expect(200).json(), json!({ "awards": [] }));
        let other = json!({ "code": "lms-2", "issuer": "dgafp", "name": "LMS", "form": "completion-event" });
        app.put("/api/v1/sources/lms-2", &other).await.expect(201);
        app.put("/api/v1/learners/lms-2/892", &json!({ "name": "Ada Martin" })).await.expect(201);
        asked("learner=892").await.problem(400, "bad-request").says("source=");
        assert_eq!(asked("source=mentor&learner=892").await.expect(200).json(), of_one);
        assert_eq!(asked("source=lms-2&learner=892").await.expect(200).json(), json!({ "awards": [] }));
    }

    /// Nobody need order things: what a delivery lacks may come later.
    async fn evidence_for_an_unknown_session_waits_for_it(app: &TestApp) {
        let mut body = completion(zoe(), &ACTIVITIES);
        body["record"]["session"] = json!("laicite-2026-04");
        let delivery = app.deliver(&body).await;
        app.work().await;
        let record = app.delivery(delivery).await;
        assert_eq!(record.state, DeliveryState::Parked);
        assert!(record.reason.unwrap().contains("laicite-2026-04"));

        app.put("/api/v1/sessions/laicite-2026-04", &json!({ "code": "laicite-2026-04", "training": "laicite" })).await.expect(201);
        app.work().await;
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Processed);
        let award = app.award("892").await;
        assert_eq!((text(&award, "/state"), text(&award, "/session")), ("issued", "laicite-2026-04"));
        // Without dates of its own, the session's are those of the learner's credited evidence.
        let document = app.get(text(&award, "/credential/id")).await.json();
        assert_eq!(document["credentialSubject"]["activityStartDate"], "2026-03-20T08:00:00Z");
        assert_eq!(document["credentialSubject"]["activityEndDate"], "2026-03-20T10:00:00Z");
    }

    /// Where the session states one date alone, the other is the learner's own, unless it would end before it starts.
    async fn the_dates_of_who_came_early_or_late_agree_with_the_session(app: &TestApp) {
        let dates = async |learner: &str, session: Value| {
            let code = text(&session, "/code").to_owned();
            app.put(&format!("/api/v1/sessions/{code}"), &session).await.expect(201);
            // Everything was done on 20 March, from 9 to 11 in Paris.
            let mut body = completion(json!({ "id": learner, "name": "Zoé Lefèvre" }), &ACTIVITIES);
            body["record"]["session"] = json!(code);
            app.deliver(&body).await;
            app.work().await;
            let document = app.get(text(&app.award(learner).await, "/credential/id")).await.json();
            let date = |name: &str| document["credentialSubject"][name].as_str().map(str::to_owned);
            (date("activityStartDate"), date("activityEndDate"))
        };
        let moment = |text: &str| Some(text.to_owned());
        let (first, last) = (moment("2026-03-20T08:00:00Z"), moment("2026-03-20T10:00:00Z"));
        for (learner, bound, at, expected) in [
            ("1", "starts", "2026-03-20T07:00:00Z", (moment("2026-03-20T07:00:00Z"), last.clone())),
            ("2", "starts", "2026-03-25T08:00:00Z", (moment("2026-03-25T08:00:00Z"), None)),
            ("3", "ends", "2026-03-27T17:00:00Z", (first.clone(), moment("2026-03-27T17:00:00Z"))),
            ("4", "ends", "2026-03-10T17:00:00Z", (None, moment("2026-03-10T17:00:00Z"))),
        ] {
            let mut session = json!({ "code": format!("session-{learner}"), "training": "laicite" });
            session[bound] = json!(at);
            assert_eq!(dates(learner, session).await, expected, "{bound} {at}");
        }
    }

    async fn evidence_for_an_unknown_learner_waits_for_them(app: &TestApp) {
        let delivery = app.complete(json!({ "id": "892" })).await;
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Parked);
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre" })).await.expect(201);
        app.work().await;
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Processed);
        assert_eq!(text(&app.award("892").await, "/state"), "issued");
    }

    async fn an_award_without_a_name_waits_for_it(app: &TestApp) {
        app.complete(json!({ "id": "892", "email": "zoe@agents.example" })).await;
        let award = app.award("892").await;
        assert_eq!(award["state"], "blocked");
        assert_eq!(award["reasons"]["codes"], json!([{ "reason": "name_missing" }]));
        assert_eq!(award["reasons"]["fr"][0], "le nom de l’apprenant n’est pas connu");
        assert_eq!(award["reasons"]["en"][0], "the learner's name is not known");
        assert!(award.get("links").is_none() && award.get("credential").is_none());
        let blocked = app.read("/api/v1/awards?state=blocked").await.expect(200).json();
        assert_eq!(blocked["awards"][0]["id"], award["id"]);

        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre", "email": "zoe@agents.example" })).await.expect(200);
        app.work().await;
        let issued = app.award("892").await;
        assert_eq!((&issued["state"], &issued["id"]), (&json!("issued"), &award["id"]));
        assert_eq!(issued["awarded"], award["awarded"], "waiting does not move the date");
    }

    async fn a_name_that_no_font_draws_is_listed_with_its_characters(app: &TestApp) {
        for (learner, name, character) in [("1", "زهراء Amrani", "U+0632"), ("2", "Zoé 🦀", "U+1F980")] {
            app.complete(json!({ "id": learner, "name": name })).await;
            let award = app.award(learner).await;
            let reason = &award["reasons"]["codes"][0];
            assert_eq!((&award["state"], &reason["reason"]), (&json!("blocked"), &json!("undrawable")), "{award}");
            assert_eq!(reason["field"], "recipient");
            assert!(reason["characters"].as_array().unwrap().contains(&json!(character)), "{reason}");
            assert!(text(&award, "/reasons/fr/0").contains(character));

            app.put(&format!("/api/v1/learners/mentor/{learner}"), &json!({ "name": "Zahra Amrani" })).await.expect(200);
            app.work().await;
            assert_eq!(app.award(learner).await["state"], "issued");
        }
    }

    async fn an_issuer_without_a_key_awards_once_it_has_one(app: &TestApp) {
        let officer = app.token("prefecture", &sceau::http::Scope::ALL).await;
        let put = async |path: &str, entry: Value| {
            app.call(Method::PUT, path).bearer(&officer).json(&entry).send().await.expect(201);
        };
        let mut training = json!(support::training());
        training["issuer"] = json!("prefecture");
        training["code"] = json!("accueil");
        put("/api/v1/issuers/prefecture", json!({ "code": "prefecture", "name": "Préfecture", "url": "https://prefecture.example" })).await;
        put("/api/v1/trainings/accueil", training).await;
        put("/api/v1/sessions/accueil-1", json!({ "code": "accueil-1", "training": "accueil" })).await;
        put("/api/v1/sources/lms-2", json!({ "code": "lms-2", "issuer": "prefecture", "name": "LMS", "form": "completion-event" })).await;
        let secrets = json!({ "secrets": [crate::app::written_secret(7)] });
        app.call(Method::PUT, "/api/v1/sources/lms-2/secrets").bearer(&officer).json(&secrets).send().await.expect(204);

        let mut body = completion(zoe(), &ACTIVITIES);
        body["record"]["session"] = json!("accueil-1");
        app.signed("msg-p", body.to_string().as_bytes()).to("/intake/lms-2").send().await.expect(202);
        app.work().await;
        let awards = async || app.call(Method::GET, "/api/v1/awards").bearer(&officer).send().await.expect(200).json();
        let blocked = awards().await;
        assert_eq!(blocked["awards"][0]["reasons"]["codes"], json!([{ "reason": "issuer_key_missing" }]));

        app.add_key("prefecture").await;
        app.work().await;
        let issued = awards().await;
        assert_eq!(issued["awards"][0]["state"], "issued");
        let credential = app.get(text(&issued, "/awards/0/credential/id")).await.expect(200);
        assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
        assert_eq!(credential.json()["issuer"]["id"], "did:web:sceau.example:issuers:prefecture");
    }

    /// What an award was made on may be withdrawn later: a person decides what that means.
    async fn a_withdrawal_after_the_award_alerts_and_changes_nothing(app: &TestApp) {
        app.complete(zoe()).await;
        let before = app.award("892").await;
        app.deliver(&event(zoe(), vec![activity("cas", "withdrawn", "2026-03-26T10:00:00+01:00")])).await;
        app.work().await;
        assert_eq!(app.award("892").await, before);
        let page = app.page(text(&before, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Attestation authentique"));
        let alerts = app.service.store.alerts(&AlertFilter::default()).await.unwrap();
        assert_eq!(alerts.len(), 1);
        assert_eq!((alerts[0].kind, alerts[0].award.to_string().as_str()), (AlertKind::WithdrawalAfterAward, text(&before, "/id")));

        // Reported again in other words, it is still one thing to look at, and still one award.
        app.deliver(&event(zoe(), vec![activity("bilan", "withdrawn", "2026-03-26T11:00:00+01:00")])).await;
        app.work().await;
        assert_eq!(app.service.store.alerts(&AlertFilter::default()).await.unwrap().len(), 1);
        assert_eq!(app.award("892").await, before);
    }

    async fn a_completion_withdrawn_before_earns_nothing_whatever_the_order_of_arrival(app: &TestApp) {
        app.deliver(&event(zoe(), vec![activity("cas", "withdrawn", "2026-03-26T10:00:00+01:00")])).await;
        app.work().await;
        app.complete(zoe()).await;
        assert_eq!(app.awards("892").await, Vec::<Value>::new());
        app.deliver(&event(zoe(), vec![activity("cas", "completed", "2026-03-26T12:00:00+01:00")])).await;
        app.work().await;
        assert_eq!(app.award("892").await["state"], "issued");
        assert_eq!(app.service.store.alerts(&AlertFilter::default()).await.unwrap(), []);
    }

    /// The criteria are a training's to change; who meets the new ones is found out at once.
    async fn new_criteria_are_held_against_what_is_known(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        assert_eq!(app.awards("892").await, Vec::<Value>::new());
        let mut session = json!(support::session().session);
        session["criteria"] = json!({ "participation": { "rule": { "activity": { "code": "video" } } } });
        app.put("/api/v1/sessions/laicite-2026-03", &session).await.expect(200);
        app.work().await;
        assert_eq!(app.award("892").await["state"], "issued");
    }
}
