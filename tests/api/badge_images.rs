//! Artwork that a training brings for its badge: what can't be shown is refused where it is handed in, with the reason; what can is
//! the badge, with the credential in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sceau::badge;
use serde_json::{Value, json};

use crate::app::{TestApp, text, zoe};
use crate::support;

const PATH: &str = "/api/v1/trainings/laicite";
const DRAWING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><title>T</title><path fill=\"#036\" d=\"M0 0h9v9z\"/></svg>";

fn with_image(kind: &str, bytes: &[u8]) -> Value {
    let mut training = json!(support::training());
    training["badge_image"] = json!(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)));
    training
}

/// A PNG with another size in its header, and the right CRC.
fn announcing(width: u32, height: u32) -> Vec<u8> {
    let mut file = badge::render_png(DRAWING, 96).unwrap();
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32fast::hash(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    file
}

crate::on_both_engines! {
    async fn artwork_that_cannot_be_shown_is_refused_with_the_reason(app: &TestApp) {
        let svg = |inner: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">{inner}</svg>").into_bytes();
        let laughs: String = (0..9).map(|n| format!("<!ENTITY l{} \"{}\">", n + 1, format!("&l{n};").repeat(10))).collect();
        let laughs = format!("<!DOCTYPE svg [<!ENTITY l0 \"ha\">{laughs}]><svg xmlns=\"http://www.w3.org/2000/svg\"><desc>&l9;</desc></svg>");
        let uses: String = (0..9).map(|n| format!("<g id=\"l{n}\">{}</g>", format!("<use href=\"#l{}\"/>", n + 1).repeat(10))).collect();
        let mut damaged = badge::render_png(DRAWING, 96).unwrap();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        let mut noise = badge::render_png(DRAWING, 96).unwrap();
        noise.extend(vec![0; 256 * 1024]);
        for (kind, bytes, says) in [
            ("png", announcing(8000, 5000), "8000 × 5000 pixels"),
            ("png", announcing(u32::MAX, u32::MAX), "96 to 2048 pixels"),
            ("png", badge::render_png(DRAWING, 32).unwrap(), "32 × 32 pixels"),
            ("png", announcing(96, 1000), "cannot be read"),
            ("png", damaged, "wrong CRC"),
            ("png", announcing(96, 96)[..60].to_vec(), "truncated"),
            ("png", b"GIF89a".to_vec(), "data:image/png"),
            ("png", noise, "at most 256 KiB"),
            ("svg+xml", svg("<script>alert(1)</script>"), "<script>"),
            ("svg+xml", svg("<path onload=\"alert(1)\" d=\"M0 0h9v9z\"/>"), "onload"),
            ("svg+xml", svg("<use href=\"https://example.org/x.svg#a\"/>"), "https://example.org"),
            ("svg+xml", svg("<style>@import url(https://example.org/a.css);</style>"), "@import"),
            ("svg+xml", svg("<text>T</text>"), "convert it to paths"),
            ("svg+xml", svg(""), "can be seen"),
            ("svg+xml", laughs.into_bytes(), "DOCTYPE"),
            ("svg+xml", svg(&format!("{uses}<path id=\"l9\" d=\"M0 0h1v1z\"/>")), "over and over"),
            ("svg+xml", svg(&"<g>".repeat(100)), "nested"),
            ("svg+xml", b"\xff\xfe<svg/>".to_vec(), "data:image/svg+xml"),
            ("svg+xml", svg(&" ".repeat(256 * 1024)), "at most 256 KiB"),
        ] {
            let reply = app.put(PATH, &with_image(kind, &bytes)).await;
            reply.problem(422, "invalid").at("/badge_image").says(says);
        }
        assert_eq!(app.read(PATH).await.json().get("badge_image"), None, "nothing was kept");
    }

    async fn artwork_that_a_training_brings_is_its_badge(app: &TestApp) {
        app.complete(zoe()).await;
        let default = app.award("892").await;
        let painted = badge::render_png(DRAWING, 128).unwrap();
        for (number, kind, bytes) in [("1", "png", painted.clone()), ("2", "svg+xml", DRAWING.as_bytes().to_vec())] {
            app.put(PATH, &with_image(kind, &bytes)).await.expect(200);
            let learner = json!({ "id": number, "name": "Zoé Lefèvre" });
            app.complete(learner).await;
            let award = app.award(number).await;
            let credential = app.get(text(&award, "/credential/id")).await.expect(200);
            let image = &credential.json()["credentialSubject"]["achievement"]["image"];
            assert!(text(image, "/caption").contains("Les fondamentaux de la laïcité"), "{image}");
            let shown = app.get(text(image, "/id")).await.expect(200);
            assert_eq!(kind == "png", shown.body == painted);
            let png = app.get(text(&award, "/links/badge_png")).await.expect(200);
            assert_eq!(badge::png::extract(&png.body).unwrap().as_deref(), Some(credential.text()));
            let svg = app.get(text(&award, "/links/badge_svg")).await.expect(200);
            assert_eq!(badge::svg::extract(svg.text()).unwrap().as_deref(), Some(credential.text()));
            assert!(svg.text().contains("<title>"), "those who do not see it are told");
            assert_eq!(badge::is_safe_svg(svg.text()), Ok(()));
        }
        let unchanged = app.get(text(&default, "/links/badge_svg")).await.expect(200);
        assert!(unchanged.text().contains("ellipse"), "an award keeps the artwork that it was made with");
    }
}
