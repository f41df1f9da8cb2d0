"""How far to believe explanations: faithfulness, planted truth, twins, and what each head is for."""
