//! What is done to an attestation, and what is said of it then.

use lopdf::content::Operation;
use lopdf::{Dictionary, Object, Stream, dictionary};

use super::pdf::{Pdf, show, updated};

/// An edit, and the reason that is given.
pub struct Edit {
    pub name: &'static str,
    pub edit: fn(&[u8]) -> Vec<u8>,
    pub reason: &'static str,
}

/// On the objects, and written anew.
macro_rules! edits {
    ($($name:ident -> $reason:literal: |$pdf:ident| $edit:expr;)+) => {
        pub fn on_objects() -> Vec<Edit> {
            vec![$({
                fn edit(original: &[u8]) -> Vec<u8> {
                    #[allow(unused_mut, reason = "one edit is none")]
                    let mut $pdf = Pdf::open(original);
                    $edit;
                    $pdf.bytes()
                }
                Edit { name: stringify!($name), edit, reason: $reason }
            }),+]
        }
    };
}

edits! {
    // ---- the text itself
    another_name -> "pdf_other_name": |pdf| pdf.rewrite("Zoé Lefèvre-Nguyễn", "Zoé Nguyễn-Lefèvre");
    another_code -> "pdf_other_name": |pdf| pdf.shows("Code de contrôle", |pdf, font, text| {
        let (label, code) = text.rsplit_once(' ').unwrap();
        let other: String = code.chars().skip(1).take(1).chain(code.chars().take(1)).chain(code.chars().skip(2)).collect();
        vec![show(pdf.encoded(font, &format!("{label} {other}")))]
    });
    another_title -> "pdf_other_title": |pdf| pdf.rewrite("Les fondamentaux de la laïcité", "Les fondamentaux de la mentalité");
    another_duration -> "pdf_other_duration": |pdf| pdf.rewrite("3 h 30 min", "33 h 30 min");
    another_date -> "pdf_other_date": |pdf| pdf.rewrite("Du 2 au 27 mars 2026", "Du 2 au 22 mars 2026");
    another_award_date -> "pdf_other_date": |pdf| pdf.rewrite("27 mars 2026", "22 mars 2026");
    another_issuer -> "pdf_other_issuer": |pdf| pdf.rewrite("Direction générale", "Direction de la générale");
    another_kind -> "pdf_other_kind": |pdf| pdf.rewrite("Attestation de participation", "Attestation de certification");
    another_objective -> "pdf_other_content": |pdf| pdf.rewrite("Situer la laïcité", "Situer la cité");
    another_modality -> "pdf_other_content": |pdf| pdf.rewrite("En ligne, en autonomie", "En mentorat");
    another_link_printed -> "pdf_other_text": |pdf| pdf.rewrite("https://sceau.example/v/", "https://sceau.example/a/");
    a_title_out_of_nothing -> "pdf_other_title": |pdf| pdf.shows("Les fondamentaux de la laïcité", |_, _, _| Vec::new());

    // ---- something laid over it
    a_rectangle_and_a_text -> "pdf_not_verifiable": |pdf| {
        let codes: String = pdf.encoded(b"f0", "Zoé Nguyễn").iter().map(|byte| format!("{byte:02x}")).collect();
        pdf.append(&format!(
            "/Artifact<</Type/Layout>>BDC q 1 0 0 -1 0 841.89 cm /c0 cs 1 1 1 scn 60 180 m 400 180 l 400 206 l 60 206 l h f \
             0 0 0 scn BT 0 Tr /f0 19 Tf 1 0 0 -1 60 199 Tm <{codes}> Tj ET Q EMC"
        ));
    };
    a_rectangle_alone -> "pdf_not_verifiable": |pdf| pdf.append(
        "/Artifact<</Type/Layout>>BDC q 1 0 0 -1 0 841.89 cm /c0 cs 1 1 1 scn 60 180 m 400 180 l 400 206 l 60 206 l h f Q EMC"
    );
    a_drawing -> "pdf_not_verifiable": |pdf| pdf.append("q 1 1 1 rg 60 600 m 300 600 l 300 700 l b Q");
    a_line -> "pdf_not_verifiable": |pdf| pdf.append("/Artifact<</Type/Layout>>BDC 60 600 m 300 600 l S EMC");
    a_picture -> "pdf_not_verifiable": |pdf| {
        let picture = dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "Width" => 1, "Height" => 1, "ColorSpace" => "DeviceGray",
            "BitsPerComponent" => 8,
        };
        let picture = pdf.0.add_object(Stream::new(picture, vec![255]));
        pdf.resources().set("XObject", dictionary! { "x9" => picture });
        pdf.append("/Artifact<</Type/Layout>>BDC q 300 0 0 26 60 635 cm /x9 Do Q EMC");
    };
    an_inline_picture -> "pdf_not_verifiable": |pdf| pdf.append("q 300 0 0 26 60 635 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \u{7f} EI Q");
    a_form -> "pdf_not_verifiable": |pdf| {
        let form = pdf.form();
        pdf.resources().set("XObject", dictionary! { "x9" => form });
        pdf.append("/Artifact<</Type/Layout>>BDC q 1 0 0 1 60 635 cm /x9 Do Q EMC");
    };
    a_square_annotation -> "pdf_not_verifiable": |pdf| {
        let form = pdf.form();
        pdf.annotate(dictionary! {
            "Type" => "Annot", "Subtype" => "Square", "Rect" => vec![60.into(), 635.into(), 260.into(), 655.into()],
            "F" => 4, "AP" => dictionary! { "N" => form },
        });
    };
    a_free_text_annotation -> "pdf_not_verifiable": |pdf| pdf.annotate(dictionary! {
        "Type" => "Annot", "Subtype" => "FreeText", "Rect" => vec![60.into(), 635.into(), 260.into(), 655.into()], "F" => 4,
        "Contents" => Object::string_literal("35 h"), "DA" => Object::string_literal("/Helv 12 Tf 0 g"),
    });
    a_link_with_an_appearance -> "pdf_not_verifiable": |pdf| {
        let form = pdf.form();
        pdf.annotate(dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![60.into(), 635.into(), 260.into(), 655.into()],
            "F" => 4, "AP" => dictionary! { "N" => form },
        });
    };
    a_link_elsewhere -> "pdf_not_verifiable": |pdf| pdf.annotate(dictionary! {
        "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![60.into(), 635.into(), 260.into(), 655.into()], "F" => 4,
        "A" => dictionary! { "S" => "URI", "URI" => Object::string_literal("https://sceau-example.test/v/AAAAAAAAAAAAAAAAAAAAAA") },
    });
    a_form_field -> "pdf_not_verifiable": |pdf| {
        let field = pdf.0.add_object(dictionary! { "FT" => "Tx", "T" => Object::string_literal("nom"), "V" => Object::string_literal("x") });
        pdf.catalog().set("AcroForm", dictionary! { "Fields" => vec![field.into()] });
    };

    // ---- texts that are not what is seen
    glyphs_and_map_swapped -> "pdf_text_agrees": |pdf| {
        // The eye sees "Las fondemantaux", a program reads what was signed.
        let map = pdf.map(b"f0");
        let code = |letter: &str| *map.iter().find(|(_, text)| *text == letter).unwrap().0;
        let (a, e) = (code("a"), code("e"));
        let id = pdf.map_id("f0");
        let stream = pdf.0.get_object_mut(id).and_then(Object::as_stream_mut).unwrap();
        let text = String::from_utf8(stream.get_plain_content().unwrap()).unwrap();
        let text = text.replace(&format!("<{a:04X}> <0061>"), &format!("<{a:04X}> <0065>"));
        let text = text.replacen(&format!("<{e:04X}> <0065>"), &format!("<{e:04X}> <0061>"), 1);
        stream.set_plain_content(text.into_bytes());
        let swap = |codes: &[u8]| -> Vec<u8> {
            let swapped = codes.as_chunks::<2>().0.iter().map(|code| match u16::from_be_bytes(*code) {
                code if code == a => e,
                code if code == e => a,
                code => code,
            });
            swapped.flat_map(u16::to_be_bytes).collect()
        };
        let mut content = pdf.content();
        let mut bold = false;
        for operation in &mut content.operations {
            match operation.operator.as_str() {
                "Tf" => bold = operation.operands[0].as_name().unwrap() == b"f0",
                "Tj" | "TJ" if bold => operation.operands.iter_mut().for_each(|operand| match operand {
                    Object::String(codes, _) => *codes = swap(codes),
                    Object::Array(items) => items.iter_mut().for_each(|item| {
                        if let Object::String(codes, _) = item {
                            *codes = swap(codes);
                        }
                    }),
                    _ => {}
                }),
                _ => {}
            }
        }
        pdf.set_content(&content);
    };
    another_font_program -> "pdf_text_agrees": |pdf| {
        let program = |(id, object): (&lopdf::ObjectId, &Object)| Some((*id, object.as_dict().ok()?.get(b"FontFile2").ok()?.clone()));
        let descriptors: Vec<_> = pdf.0.objects.iter().filter_map(program).collect();
        let [(first, one), (second, two)] = &descriptors[..2] else { panic!() };
        pdf.0.get_dictionary_mut(*first).unwrap().set("FontFile2", two.clone());
        pdf.0.get_dictionary_mut(*second).unwrap().set("FontFile2", one.clone());
    };
    an_actual_text -> "pdf_not_verifiable": |pdf| pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| {
        let utf16: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        let actual = dictionary! { "ActualText" => Object::string_literal(utf16) };
        vec![
            Operation::new("BDC", vec!["Span".into(), actual.into()]),
            show(pdf.encoded(font, "Les fondamentaux de la mentalité")),
            Operation::new("EMC", Vec::new()),
        ]
    });
    white_text -> "pdf_not_verifiable": |pdf| pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| {
        let white = vec![1.into(), 1.into(), 1.into()];
        vec![Operation::new("scn", white), show(pdf.encoded(font, text))]
    });
    invisible_text -> "pdf_not_verifiable": |pdf| pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| {
        vec![Operation::new("Tr", vec![3.into()]), show(pdf.encoded(font, text))]
    });
    tiny_text -> "pdf_not_verifiable": |pdf| pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| {
        vec![Operation::new("Tf", vec![Object::Name(font.to_vec()), 1.into()]), show(pdf.encoded(font, text))]
    });
    a_text_off_the_page -> "pdf_not_verifiable": |pdf| pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| {
        let away = [1, 0, 0, -1, 60, 2000].map(Object::from).to_vec();
        vec![Operation::new("Tm", away), show(pdf.encoded(font, text))]
    });
    a_text_over_another -> "pdf_not_verifiable": |pdf| pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| {
        let over = [1, 0, 0, -1, 60, 199].map(Object::from).to_vec();
        vec![Operation::new("Tm", over), show(pdf.encoded(font, text))]
    });
    a_text_out_of_the_structure -> "pdf_not_verifiable": |pdf| {
        let codes: String = pdf.encoded(b"f0", "35 h").iter().map(|byte| format!("{byte:02x}")).collect();
        pdf.append(&format!("q 1 0 0 -1 0 841.89 cm BT 0 Tr /f0 9.5 Tf 1 0 0 -1 400 600 Tm <{codes}> Tj ET Q"));
    };
    an_artifact_among_the_text -> "pdf_not_verifiable": |pdf| {
        let codes: String = pdf.encoded(b"f0", "33 h").iter().map(|byte| format!("{byte:02x}")).collect();
        pdf.append(&format!(
            "/Artifact<</Type/Layout>>BDC q 1 0 0 -1 0 841.89 cm BT 0 Tr /f0 9.5 Tf 1 0 0 -1 450 500 Tm <{codes}> Tj ET Q EMC"
        ));
    };
    a_layer -> "pdf_not_verifiable": |pdf| {
        let layer = pdf.0.add_object(dictionary! { "Type" => "OCG", "Name" => Object::string_literal("x") });
        pdf.catalog().set("OCProperties", dictionary! {
            "OCGs" => vec![layer.into()], "D" => dictionary! { "OFF" => vec![layer.into()] },
        });
        pdf.resources().set("Properties", dictionary! { "l0" => layer });
        pdf.shows("Les fondamentaux de la laïcité", |pdf, font, text| vec![
            Operation::new("BDC", vec!["OC".into(), "l0".into()]), show(pdf.encoded(font, text)), Operation::new("EMC", Vec::new()),
        ]);
    };

    // ---- the structure of the file
    a_second_content -> "pdf_not_verifiable": |pdf| {
        let more = pdf.0.add_object(Stream::new(Dictionary::new(), b"q 1 g 60 635 300 26 re f Q".to_vec()));
        let first = pdf.page_dictionary().get(b"Contents").unwrap().clone();
        pdf.page_dictionary().set("Contents", vec![first, more.into()]);
    };
    no_structure -> "pdf_not_verifiable": |pdf| { pdf.catalog().remove(b"StructTreeRoot"); };
    // Followed without a bound, either would end the process or hold it for hours.
    a_structure_that_names_itself -> "pdf_not_verifiable": |pdf| {
        let itself = pdf.0.new_object_id();
        pdf.0.objects.insert(itself, Object::Array(vec![itself.into(); 3]));
        let root = pdf.catalog().get(b"StructTreeRoot").and_then(Object::as_reference).unwrap();
        pdf.0.get_dictionary_mut(root).unwrap().set("K", itself);
    };
    blank_texts_without_end -> "pdf_not_verifiable": |pdf| {
        let blank = "BT 0 Tr /f0 9 Tf 1 0 0 -1 60 180 Tm ".to_owned() + &"<> Tj ".repeat(20_000) + "ET";
        pdf.append(&format!("/Artifact<</Type/Layout>>BDC q 1 0 0 -1 0 841.89 cm {blank} Q EMC"));
    };
    a_page_more -> "pdf_not_verifiable": |pdf| {
        let page = pdf.page_dictionary().clone();
        let tree = page.get(b"Parent").and_then(Object::as_reference).unwrap();
        let page = pdf.0.add_object(page);
        let tree = pdf.0.get_dictionary_mut(tree).unwrap();
        tree.set("Count", 2);
        tree.get_mut(b"Kids").and_then(Object::as_array_mut).unwrap().push(page.into());
    };
    a_cropped_page -> "pdf_not_verifiable": |pdf| {
        pdf.page_dictionary().set("CropBox", vec![0.into(), 400.into(), 595.into(), 841.into()]);
    };
    a_smaller_page -> "pdf_not_verifiable": |pdf| {
        pdf.page_dictionary().set("MediaBox", vec![0.into(), 0.into(), 595.into(), 400.into()]);
    };
    a_turned_page -> "pdf_not_verifiable": |pdf| pdf.page_dictionary().set("Rotate", 180);
    a_transparent_state -> "pdf_not_verifiable": |pdf| {
        pdf.resources().set("ExtGState", dictionary! { "g9" => dictionary! { "ca" => 0 } });
    };
    an_object_that_nothing_uses -> "pdf_not_verifiable": |pdf| pdf.0.add_object(Object::string_literal("hello"));
    no_qr_code -> "pdf_text_agrees": |pdf| {
        // All squares of the code are one path: only its first is left.
        let mut content = pdf.content();
        let squares = |operations: &[Operation]| operations.iter().take_while(|op| matches!(op.operator.as_str(), "m" | "l" | "h")).count();
        let at = (0..content.operations.len()).max_by_key(|at| squares(&content.operations[*at..])).unwrap();
        let count = squares(&content.operations[at..]);
        assert!(count > 500, "{count} are no QR code");
        content.operations.drain(at + 5..at + count);
        pdf.set_content(&content);
    };
    written_anew -> "pdf_text_agrees": |pdf| assert_eq!(pdf.0.get_pages().len(), 1);
    another_title_of_the_window -> "pdf_text_agrees": |pdf| {
        let information = pdf.0.trailer.get(b"Info").and_then(Object::as_reference).unwrap();
        pdf.0.get_dictionary_mut(information).unwrap().set("Title", Object::string_literal("Doctorat"));
    };
    another_file -> "pdf_other_files": |pdf| pdf.attach("releve.xlsx", b"x", true);
    a_token_of_another -> "pdf_other_files": |pdf| pdf.attach("credential.jwt", b"eyJhbGciOiJub25lIn0.e30.", true);

    // ---- refused
    two_credentials -> "several_credentials": |pdf| pdf.attach("credential.json", b"{}", true);
    two_credentials_one_of_them_hidden -> "several_credentials": |pdf| pdf.attach("credential.json", b"{}", false);
    a_script_on_opening -> "pdf_active": |pdf| {
        pdf.catalog().set("OpenAction", dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") });
    };
    a_script_among_the_names -> "pdf_active": |pdf| {
        let script = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("x") };
        let names = dictionary! { "Names" => vec![Object::string_literal("x"), script.into()] };
        pdf.catalog().get_mut(b"Names").and_then(Object::as_dict_mut).unwrap().set("JavaScript", names);
    };
    an_action_of_a_page -> "pdf_active": |pdf| {
        pdf.page_dictionary().set("AA", dictionary! { "O" => dictionary! { "S" => "Named", "N" => "Print" } });
    };
    a_launching_link -> "pdf_active": |pdf| pdf.annotate(dictionary! {
        "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
        "A" => dictionary! { "S" => "Launch", "F" => Object::string_literal("x") },
    });
}

/// On the bytes of the file.
pub fn on_bytes() -> Vec<Edit> {
    vec![
        Edit {
            name: "an_update_with_another_duration",
            edit: |original| updated(original, |pdf| pdf.rewrite("3 h 30 min", "33 h 30 min")),
            reason: "pdf_other_duration",
        },
        Edit {
            name: "an_update_with_a_rectangle",
            edit: |original| updated(original, |pdf| pdf.append("q 1 g 60 635 300 26 re f Q")),
            reason: "pdf_revised",
        },
        Edit { name: "an_update_without_anything", edit: |original| updated(original, |_| ()), reason: "pdf_revised" },
        Edit {
            name: "bytes_behind_the_end",
            edit: |original| [original, b"% edited\n"].concat(),
            reason: "pdf_revised",
        },
        Edit { name: "cut_in_half", edit: |original| original[..original.len() / 2].to_vec(), reason: "pdf_damaged" },
        Edit {
            name: "cut_at_its_end",
            edit: |original| original[..original.len() - 30].to_vec(),
            reason: "pdf_damaged",
        },
        Edit { name: "encrypted", edit: |original| encrypted(original, ""), reason: "pdf_encrypted" },
        Edit {
            name: "encrypted_with_a_password",
            edit: |original| encrypted(original, "user"),
            reason: "pdf_encrypted",
        },
        Edit {
            name: "a_thousand_streams",
            edit: |original| {
                let mut pdf = Pdf::open(original);
                for _ in 0..1000 {
                    pdf.0.add_object(Stream::new(Dictionary::new(), Vec::new()));
                }
                pdf.bytes()
            },
            reason: "too_large",
        },
        Edit {
            name: "more_bytes_than_are_read",
            edit: |original| {
                let mut pdf = Pdf::open(original);
                pdf.0.add_object(Stream::new(Dictionary::new(), vec![b' '; 4 * 1024 * 1024]));
                pdf.bytes()
            },
            reason: "too_large",
        },
    ]
}

fn encrypted(original: &[u8], user_password: &str) -> Vec<u8> {
    let mut pdf = Pdf::open(original);
    let version = lopdf::EncryptionVersion::V2 {
        document: &pdf.0,
        owner_password: "owner",
        user_password,
        key_length: 128,
        permissions: lopdf::Permissions::all(),
    };
    let state = lopdf::EncryptionState::try_from(version).unwrap();
    pdf.0.encrypt(&state).unwrap();
    pdf.bytes()
}
