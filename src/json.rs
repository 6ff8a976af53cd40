//! Strict JSON in, canonical JSON out.
//!
//! What is signed or verified must mean the same to every parser. JSON leaves room for disagreement: of two equal keys JavaScript
//! keeps the last and other parsers keep both or the first, and unbounded nesting is a way to exhaust a stack. So everything that
//! comes from outside enters through [`parse_strict`], which refuses such input and says what is wrong, and where.
//! [`canonical_string`] is the JSON Canonicalization Scheme (RFC 8785), for hashing JSON values and for `rdf:JSON` literals.
//!
//! Not here: schemas, and any knowledge of what the JSON means.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How much JSON [`parse_strict`] accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest accepted input, in bytes.
    pub max_bytes: usize,
    /// Deepest accepted nesting of arrays and objects; a scalar alone has depth 0, `{}` has depth 1. Values above 120 act as 120,
    /// because the parser below has its own guard at 128.
    pub max_depth: usize,
}

impl Default for Limits {
    /// One mebibyte and 32 levels: several times what the largest credential with embedded images needs.
    fn default() -> Self {
        Self { max_bytes: 1024 * 1024, max_depth: 32 }
    }
}

/// What JSON-LD writes alike: several values as an array, one without; none where there is no such member. The `null` of JSON counts
/// as one.
pub fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(several)) => several,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// Why JSON was refused. `pointer` is an RFC 6901 JSON pointer, `line` and `column` count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The input is larger than [`Limits::max_bytes`].
    #[error("the JSON has {actual_bytes} bytes, more than the {max_bytes} accepted")]
    TooLarge {
        /// Size of the input in bytes.
        actual_bytes: usize,
        /// The limit in bytes.
        max_bytes: usize,
    },
    /// The input is not UTF-8.
    #[error("the JSON is not valid UTF-8 at byte {offset}")]
    InvalidUtf8 {
        /// Index of the first byte that does not belong to valid UTF-8.
        offset: usize,
    },
    /// Arrays and objects are nested deeper than [`Limits::max_depth`].
    #[error("the JSON is nested deeper than {max_depth} levels at {pointer:?}")]
    TooDeep {
        /// Where the first container beyond the limit stands.
        pointer: String,
        /// The limit in levels.
        max_depth: usize,
    },
    /// An object has the same key twice.
    #[error("the JSON has the key {pointer:?} twice")]
    DuplicateKey {
        /// Where the second of the two keys stands.
        pointer: String,
    },
    /// The input is not one JSON value: a syntax error, an unpaired surrogate, a number out of range, trailing data.
    #[error("the JSON is malformed at line {line}, column {column}: {reason}")]
    Syntax {
        /// Line of the error.
        line: usize,
        /// Column of the error, in bytes.
        column: usize,
        /// What the parser expected or found.
        reason: String,
    },
    /// An integer that a double cannot hold exactly, which RFC 8785 (by way of RFC 7493, I-JSON) excludes.
    #[error("the number {number} at {pointer:?} is beyond 2^53 - 1, so implementations would read it differently")]
    InexactInteger {
        /// The number as written.
        number: String,
        /// Where it stands.
        pointer: String,
    },
}

/// Parses one JSON value from UTF-8 bytes, refusing whatever two parsers could read differently.
///
/// Numbers are kept as `serde_json` keeps them (64-bit integers exactly, anything else as a double) and keys in their order.
///
/// # Errors
/// See [`JsonError`]: too large, not UTF-8, too deep, a duplicate key, or malformed (unpaired surrogates and trailing data included).
pub fn parse_strict(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    if bytes.len() > limits.max_bytes {
        return Err(JsonError::TooLarge { actual_bytes: bytes.len(), max_bytes: limits.max_bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::InvalidUtf8 { offset: error.valid_up_to() })?;
    let state = State { max_depth: limits.max_depth.min(120), path: RefCell::default(), refusal: RefCell::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed =
        StrictValue(&state).deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        // A refusal of ours passes through serde as a mere message; the precise error waits in the state.
        state.refusal.take().unwrap_or_else(|| syntax_error(&error))
    })
}

/// Serialises a value by the JSON Canonicalization Scheme, RFC 8785: no white space, keys ordered by their UTF-16 code units,
/// ECMAScript number and string forms.
///
/// # Errors
/// [`JsonError::InexactInteger`] for an integer beyond ±(2^53 - 1), which the scheme cannot represent.
pub fn canonical_string(value: &Value) -> Result<String, JsonError> {
    let mut out = String::new();
    let mut path = Vec::new();
    write_canonical(value, &mut path, &mut out)?;
    Ok(out)
}

/// The largest integer that every JSON implementation reads exactly: 2^53 - 1 (RFC 7493 §2.2).
pub const MAX_EXACT_INTEGER: u64 = (1 << 53) - 1;

fn syntax_error(error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    // serde_json appends the position to its message; it has its own fields here.
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
    JsonError::Syntax { line: error.line(), column: error.column(), reason }
}

/// A step from a container to a value in it.
#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// A key as a step of a JSON Pointer (RFC 6901 § 3).
pub fn pointer_step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        out.push('/');
        match step {
            Step::Key(key) => out.push_str(&pointer_step(key)),
            Step::Index(index) => out.push_str(&index.to_string()),
        }
    }
    out
}

/// What the recursive visitors share: where they are, and why they stopped.
struct State {
    max_depth: usize,
    path: RefCell<Vec<Step>>,
    refusal: RefCell<Option<JsonError>>,
}

impl State {
    fn refuse<E: serde::de::Error>(&self, error: JsonError) -> E {
        let message = E::custom(&error);
        *self.refusal.borrow_mut() = Some(error);
        message
    }

    fn enter_container<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.path.borrow().len() >= self.max_depth {
            let pointer = pointer(&self.path.borrow());
            return Err(self.refuse(JsonError::TooDeep { pointer, max_depth: self.max_depth }));
        }
        Ok(())
    }
}

struct StrictValue<'s>(&'s State);

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.enter_container()?;
        let mut array = Vec::new();
        loop {
            self.0.path.borrow_mut().push(Step::Index(array.len()));
            let Some(item) = items.next_element_seed(StrictValue(self.0))? else { break };
            self.0.path.borrow_mut().pop();
            array.push(item);
        }
        self.0.path.borrow_mut().pop();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.0.enter_container()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.0.path.borrow_mut().push(Step::Key(key.clone()));
            if object.contains_key(&key) {
                let pointer = pointer(&self.0.path.borrow());
                return Err(self.0.refuse(JsonError::DuplicateKey { pointer }));
            }
            let value = entries.next_value_seed(StrictValue(self.0))?;
            self.0.path.borrow_mut().pop();
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

fn write_canonical(value: &Value, path: &mut Vec<Step>, out: &mut String) -> Result<(), JsonError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_canonical_number(number, path, out)?,
        Value::String(text) => write_canonical_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                path.push(Step::Index(index));
                write_canonical(item, path, out)?;
                path.pop();
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            // UTF-16 order differs from code point order where surrogate pairs meet U+E000 to U+FFFF (RFC 8785 §3.2.3).
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical_text(key, out);
                out.push(':');
                path.push(Step::Key(key.clone()));
                write_canonical(item, path, out)?;
                path.pop();
            }
            out.push('}');
        }
    }
    Ok(())
}

/// RFC 8785 §3.2.2.2: the two-character escapes where they exist, `\u00xx` for the other controls, everything else as it is.
fn write_canonical_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn write_canonical_number(number: &Number, path: &[Step], out: &mut String) -> Result<(), JsonError> {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match (magnitude, number.as_f64()) {
        (Some(magnitude), _) if magnitude <= MAX_EXACT_INTEGER => out.push_str(&number.to_string()),
        (None, Some(double)) => out.push_str(&ecmascript_number(double)),
        _ => return Err(JsonError::InexactInteger { number: number.to_string(), pointer: pointer(path) }),
    }
    Ok(())
}

/// ECMAScript's `Number::toString` (ECMA-262 §6.1.6.1.20), which RFC 8785 §3.2.2.3 prescribes, for a finite double.
fn ecmascript_number(double: f64) -> String {
    if double == 0.0 {
        return "0".to_owned(); // negative zero too
    }
    // Rust's `e` form has as few digits as read back as the same double, as ECMAScript demands. Of several such numbers ECMAScript
    // takes the closest, and the even one of two equally close: that is what formatting to that many digits gives.
    let shortest = format!("{:e}", double.abs());
    let digit_count = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let scientific = format!("{:.*e}", digit_count - 1, double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(|character| *character != '.').collect();
    let point: i32 = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let body = if count <= point && point <= 21 {
        format!("{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{whole}.{fraction}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = digits.split_at(1);
        let fraction = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        format!("{first}{fraction}e{}{}", if point > 0 { "+" } else { "-" }, (point - 1).abs())
    };
    if double < 0.0 { format!("-{body}") } else { body }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(text: &str) -> Result<Value, JsonError> {
        parse_strict(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn a_value_is_read_with_its_keys_in_order() {
        let value = parse(r#" {"b":[1,-2,0.5,1e3,true,null,"é\ud83d\ude00"],"a":{}} "#).expect("valid JSON");
        assert_eq!(value, json!({"b": [1, -2, 0.5, 1e3, true, null, "é😀"], "a": {}}));
        assert_eq!(
            value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>()),
            Some(vec!["b".into(), "a".into()])
        );
    }

    #[test]
    fn a_duplicate_key_is_refused_with_its_place() {
        let refused = |text: &str, pointer: &str| {
            assert_eq!(parse(text), Err(JsonError::DuplicateKey { pointer: pointer.into() }))
        };
        refused(r#"{"a":1,"a":1}"#, "/a");
        refused(r#"{"x":[0,{"a/b~":[{}],"a/b~":2}]}"#, "/x/1/a~1b~0");
        // The same key written with an escape is the same key.
        refused(r#"{"id":1,"\u0069d":2}"#, "/id");
        assert!(parse(r#"{"a":{"k":1},"b":{"k":1},"c":[{"k":1},{"k":1}]}"#).is_ok());
    }

    #[test]
    fn nesting_is_bounded_with_its_place() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&nested(32)).is_ok());
        assert_eq!(parse(&nested(33)), Err(JsonError::TooDeep { pointer: "/0".repeat(32), max_depth: 32 }));
        assert!(matches!(parse(&"[".repeat(500_000)), Err(JsonError::TooDeep { .. })));
        // The path is unwound, so siblings don't add up.
        assert!(parse(&format!("[{},{}]", nested(31), nested(31))).is_ok());
        let scalar_only = Limits { max_depth: 0, ..Limits::default() };
        assert!(parse_strict(b"1", &scalar_only).is_ok());
        assert!(parse_strict(b"[]", &scalar_only).is_err());
    }

    #[test]
    fn size_utf8_surrogates_and_trailing_data_are_refused() {
        let limits = Limits { max_bytes: 4, max_depth: 2 };
        assert_eq!(parse_strict(b"12345", &limits), Err(JsonError::TooLarge { actual_bytes: 5, max_bytes: 4 }));
        assert_eq!(parse_strict(b"\"a\xff\"", &limits), Err(JsonError::InvalidUtf8 { offset: 2 }));
        for text in [
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00""#,
            "1 2",
            "{}x",
            "",
            "{\"a\":}",
            "[1,]",
            "01",
            "NaN",
            "1e999",
            "\"\u{1}\"",
            "\u{feff}{}",
        ] {
            assert!(matches!(parse(text), Err(JsonError::Syntax { line: 1, .. })), "{text:?}");
        }
        let Err(JsonError::Syntax { line, column, reason }) = parse("{\n \"a\" 1}") else { panic!("must be refused") };
        assert_eq!((line, column, reason.as_str()), (2, 6, "expected `:`"));
    }

    #[test]
    fn canonical_form_follows_the_examples_of_rfc_8785() {
        let input = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(canonical_string(&parse(input).expect("valid JSON")).as_deref(), Ok(expected));
        // §3.2.3: order by UTF-16 code units.
        let sorted = canonical_string(
            &json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7}),
        );
        assert_eq!(sorted.as_deref(), Ok("{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}"));
    }

    #[test]
    fn canonical_numbers_follow_appendix_b_of_rfc_8785() {
        let cases: [(u64, &str); 16] = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in cases {
            assert_eq!(ecmascript_number(f64::from_bits(bits)), expected);
        }
    }

    #[test]
    fn integers_that_a_double_cannot_hold_have_no_canonical_form() {
        assert_eq!(canonical_string(&json!(MAX_EXACT_INTEGER)).as_deref(), Ok("9007199254740991"));
        for number in [json!(MAX_EXACT_INTEGER + 1), json!(-9_007_199_254_740_992_i64), json!(u64::MAX)] {
            let refused = canonical_string(&json!({"a": [number.clone()]}));
            assert_eq!(refused, Err(JsonError::InexactInteger { number: number.to_string(), pointer: "/a/0".into() }));
        }
    }
}
