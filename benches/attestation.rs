//! Drawing one attestation, beside TCPDF (PHP, what Moodle's certificate plugins use) and WeasyPrint (Python) on the same content in the
//! same run; then a batch of 5,000 to see that memory stays flat.
//!
//! `cargo bench --bench attestation` prints milliseconds and ratios. Peers: Debian's `php-cli` and `php-tcpdf`, PyPI's `weasyprint` in
//! the Python that `SCEAU_PYTHON` names (`scripts/bench-attestation` installs both). Without them, only our own figures are printed.
//! Figures float with the machine; the ratios less so.

use std::cell::Cell;
use std::process::Command;
use std::time::Instant;

use sceau::attestation::{SampleOf, Template, TemplateFiles, preview};
use sceau::catalog::AwardKind;
use sceau::text::{Lang, PersonName};

const ACCENT: [u8; 3] = [0x00, 0x00, 0x91];
/// The batch of the memory figure.
const BATCH: usize = 5000;

fn main() {
    let template = Template::builtin(AwardKind::Participation, Lang::Fr);
    // The attestations of a session: another name on each.
    let number = Cell::new(0);
    let draw = |sample| {
        number.set(number.get() + 1);
        let name = PersonName::new(&format!("Maëlys Nguyễn-Lefèvre {}", number.get())).expect("a name");
        preview(&template, (AwardKind::Participation, Lang::Fr), sample, Some(&name), ACCENT).expect("draws")
    };
    // Fonts are parsed on first use.
    let bytes = draw(SampleOf::Ordinary).len();
    let ours = milliseconds(200, || drop(draw(SampleOf::Ordinary)));
    println!("Sceau: {ours:.2} ms a document of one page, {bytes} bytes, PDF/A-3a and PDF/UA-1");
    println!("Sceau: {:.2} ms a document of seven pages", milliseconds(30, || drop(draw(SampleOf::Long))));
    println!(
        "Sceau: {:.2} ms to read and try a template",
        milliseconds(5, || drop(
            Template::new(AwardKind::Participation, Lang::Fr, &TemplateFiles::new()).expect("reads")
        ))
    );
    peer("TCPDF", Command::new("php").args(["-d", "opcache.enable_cli=1", "benches/peers/attestation.php"]), ours);
    let python = std::env::var("SCEAU_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    peer("WeasyPrint", Command::new(python).arg("benches/peers/attestation.py"), ours);

    let before = peak_kib();
    let start = Instant::now();
    for _ in 0..BATCH / 10 {
        drop(draw(SampleOf::Ordinary));
    }
    let tenth = peak_kib();
    for _ in BATCH / 10..BATCH {
        drop(draw(SampleOf::Ordinary));
    }
    let per_second = BATCH as f64 / start.elapsed().as_secs_f64();
    println!(
        "Sceau: {BATCH} documents, {per_second:.0} a second on one core; peak memory {} KiB before, {} after {}, {} after {BATCH} (× {:.3})",
        before,
        tenth,
        BATCH / 10,
        peak_kib(),
        peak_kib() as f64 / tenth.max(1) as f64,
    );
}

/// Milliseconds of one call, the median of `times`.
fn milliseconds(times: usize, mut work: impl FnMut()) -> f64 {
    let mut taken: Vec<f64> = (0..times)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[times / 2]
}

/// A peer prints its milliseconds for a document, measured inside it after a warm start.
fn peer(name: &str, command: &mut Command, ours: f64) {
    let output = match command.output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            return println!("{name}: not measured: {}", why.lines().last().unwrap_or("it failed"));
        }
        Err(error) => return println!("{name}: not measured: {error}"),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    match text.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()) {
        Some(theirs) => println!("{name}: {theirs:.1} ms, {:.1} times ours", theirs / ours),
        None => println!("{name}: not measured: it printed {text:?}"),
    }
}

/// The most memory that this process had, in KiB; 0 where the system doesn't tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
