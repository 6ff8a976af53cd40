//! Renders every page with sample data into `target/tmp/pages/`, for people to look at and for outside judges (HTML validators,
//! accessibility checkers, screenshots) to read.

use std::collections::BTreeMap;
use std::path::Path;

use sceau::pages::Pages;

#[test]
fn sample_pages_are_written_for_judges() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, html) in Pages::new(&BTreeMap::new()).unwrap().samples().unwrap() {
        std::fs::write(folder.join(name), html).unwrap();
    }
}
